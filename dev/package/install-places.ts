import { resolve } from "node:path";
import type { Layout } from "./contents.ts";

/** The root that DESTDIR names; `/` without it. */
export const installRoot = (): string => resolve(process.env.DESTDIR || "/");

/** Places below the PREFIX of the environment, /usr/local without one. Throws unless it is an absolute path. */
export function installLayout(): Layout {
  const prefix = process.env.PREFIX || "/usr/local";
  if (!prefix.startsWith("/")) throw new Error(`PREFIX=${prefix} is not an absolute path`);
  return { prefix: prefix.replace(/\/+$/, ""), zshDirectory: "zsh/site-functions" };
}
