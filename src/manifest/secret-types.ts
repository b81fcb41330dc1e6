import type * as v1 from "../pod/v1.ts";
import { type Faults, invalid, NO_FAULTS, required, when } from "./fault.ts";
import type { Loose } from "./loose.ts";
import { join } from "./nearest.ts";

type Data = ReadonlyMap<string, Uint8Array>;
type Check = (data: Data, path: string, secret: Loose<v1.Secret>) => Faults;

const ACCOUNT = "kubernetes.io/service-account.name";

/** What each built-in type of Secret must hold; other types hold what they like. No fault repeats a value. */
const CHECKS: Readonly<Record<string, Check>> = {
  "kubernetes.io/dockerconfigjson": (data, path) => jsonKey(data, ".dockerconfigjson", path),
  "kubernetes.io/dockercfg": (data, path) => jsonKey(data, ".dockercfg", path),
  "kubernetes.io/basic-auth": (data, path) =>
    when(!data.has("username") && !data.has("password"), () => missing(path, "username", "or data.password")),
  "kubernetes.io/ssh-auth": (data, path) => needs(data, "ssh-privatekey", path),
  "kubernetes.io/tls": (data, path) => [
    ...when(!data.has("tls.crt"), () => missing(path, "tls.crt")),
    ...when(!data.has("tls.key"), () => missing(path, "tls.key")),
  ],
  "kubernetes.io/service-account-token": (_data, path, { metadata }) =>
    when(!metadata?.annotations?.[ACCOUNT], () => required(`${join(path, "metadata.annotations")}[${ACCOUNT}]`)),
};

/** Each type's own checks. */
export function secretTypeFaults(secret: Loose<v1.Secret>, data: Data, path: string): Faults {
  const type = secret.type ?? "";
  const check = Object.hasOwn(CHECKS, type) ? CHECKS[type] : undefined;
  return check?.(data, path, secret) ?? NO_FAULTS;
}

/** An empty value is as good as none. */
const needs = (data: Data, key: string, path: string): Faults => when(!data.get(key)?.length, () => missing(path, key));

const missing = (path: string, key: string, or = ""): Faults[number] =>
  required(`${join(path, "data")}[${key}]`, or, `give the Secret the key \`${key}\`, in data or stringData`);

function jsonKey(data: Data, key: string, path: string): Faults {
  const bytes = data.get(key);
  if (bytes === undefined) return [missing(path, key)];
  return when(!isObject(bytes), () =>
    invalid(`${join(path, "data")}[${key}]`, "<secret contents redacted>", "must hold a JSON object"),
  );
}

function isObject(bytes: Uint8Array): boolean {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
