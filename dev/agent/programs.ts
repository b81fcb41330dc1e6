import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkout } from "../paths.ts";

/** A command and the arguments that stand before all others. */
export type Program = { readonly command: string; readonly args: readonly string[] };

/**
 * The built `dist/berthd` or `dist/berth`; with BERTH_FROM=source in the environment the source itself, which needs no
 * build. Throws with what to do when it is not there.
 */
export function programOf(name: "berthd" | "berth"): Program {
  const source = join(checkout, "src/cmd", `${name}.ts`);
  const built = join(checkout, "dist", name);
  const fromSource = process.env.BERTH_FROM === "source";
  const path = fromSource ? source : built;
  if (!existsSync(path)) throw new Error(`${path} is missing${fromSource ? "" : ": run make build"}`);
  return fromSource ? { command: process.execPath, args: [path] } : { command: path, args: [] };
}
