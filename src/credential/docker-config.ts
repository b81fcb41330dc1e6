import type { Entry } from "./match.ts";

/** The two forms of Docker's file: `config.json` has its entries below `auths`, the older `.dockercfg` at the top. */
export type DockerFormat = "config.json" | ".dockercfg";

/** Entries of a Docker configuration; undefined when it is none. Why is not told: the text holds passwords. */
export function readDockerConfig(text: string, format: DockerFormat): readonly Entry[] | undefined {
  const whole = parseObject(text);
  const auths = format === "config.json" ? (whole?.auths ?? {}) : whole;
  if (whole === undefined || !isObject(auths)) return undefined;
  const entries = Object.entries(auths).map(([pattern, entry]) => readEntry(pattern, entry));
  return entries.includes("malformed")
    ? undefined
    : entries.filter((entry) => entry !== undefined && entry !== "malformed");
}

/** `auth` comes before username and password; an entry with neither, as a credential helper leaves it, is passed over. */
function readEntry(pattern: string, entry: unknown): Entry | "malformed" | undefined {
  if (!isObject(entry)) return "malformed";
  if (typeof entry.auth === "string" && entry.auth !== "") {
    const decoded = Buffer.from(entry.auth, "base64").toString();
    const colon = decoded.indexOf(":");
    if (colon < 0) return "malformed";
    return { pattern, credential: { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) } };
  }
  const { username = "", password = "" } = entry;
  if (typeof username !== "string" || typeof password !== "string") return "malformed";
  return username === "" && password === "" ? undefined : { pattern, credential: { username, password } };
}

/** An object, or undefined: the parser's own message would repeat the text. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Neither null nor a list. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
