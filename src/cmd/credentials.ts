import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import type { Clock } from "../base/clock.ts";
import { BerthError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { makeCredentials } from "../credential/credentials.ts";
import { makeNodeFiles } from "../credential/node-files.ts";
import type { Plugin } from "../credential/plugin.ts";
import { makePlugins } from "../credential/plugins.ts";
import type { Credentials } from "../pod/credential.ts";
import { parseDurationMs } from "../pod/parse-duration.ts";
import type { Settings } from "./config/settings.ts";

/** The registry credentials of this host. Throws ConfigInvalid when the plugins' configuration makes no sense. */
export async function hostCredentials(
  settings: Pick<Settings, "imageCredentialProviderConfig" | "imageCredentialProviderBinDir">,
  rootDir: string,
  means: { readonly clock: Clock; readonly log: Log },
): Promise<Credentials> {
  const { imageCredentialProviderConfig: path, imageCredentialProviderBinDir: binDir } = settings;
  if ((path === "") !== (binDir === "")) {
    throw new BerthError(
      "ConfigInvalid",
      "imageCredentialProviderConfig and imageCredentialProviderBinDir go together: set both or none",
    );
  }
  const plugins = path === "" ? [] : readPlugins(path, await readText(path));
  const files = makeNodeFiles({ rootDir, workingDir: process.cwd(), homeDir: process.env.HOME ?? "", ...means });
  return makeCredentials(files, makePlugins({ plugins, binDir, ...means }));
}

async function readText(path: string): Promise<string> {
  return readFile(path, "utf8").catch((cause: unknown) => {
    throw new BerthError("ConfigInvalid", `cannot read the credential providers at ${path}`, { cause });
  });
}

const GROUPS = /^kubelet\.config\.k8s\.io\/v1(?:beta1|alpha1)?$/;
const VERSIONS = /^credentialprovider\.kubelet\.k8s\.io\/v1(?:beta1|alpha1)?$/;

/** Plugins of a CredentialProviderConfig. Throws ConfigInvalid with the place of what makes no sense. */
export function readPlugins(path: string, text: string): readonly Plugin[] {
  const bad = (place: string, expected: string): never => {
    throw new BerthError("ConfigInvalid", `${path}: ${place} must be ${expected}`);
  };
  const whole = fieldsOf(parsed(path, text));
  if (whole?.kind !== "CredentialProviderConfig") return bad("kind", "CredentialProviderConfig");
  if (!GROUPS.test(String(whole.apiVersion))) return bad("apiVersion", "kubelet.config.k8s.io/v1");
  if (!Array.isArray(whole.providers) || whole.providers.length === 0) return bad("providers", "a list with an entry");
  const plugins = whole.providers.map((one: unknown, at) => {
    const place = `providers[${at}]`;
    const fields = fieldsOf(one) ?? bad(place, "an object");
    const name = typeof fields.name === "string" ? fields.name : "";
    if (name === "" || name === "." || name === ".." || /[/\s]/.test(name))
      bad(`${place}.name`, "the name of a program");
    const matchImages = textsOf(fields.matchImages) ?? [];
    if (matchImages.length === 0) bad(`${place}.matchImages`, "a list with a pattern");
    const apiVersion = String(fields.apiVersion);
    if (!VERSIONS.test(apiVersion)) bad(`${place}.apiVersion`, "credentialprovider.kubelet.k8s.io/v1");
    const defaultCacheMs = parseDurationMs(String(fields.defaultCacheDuration)) ?? -1;
    if (defaultCacheMs < 0) bad(`${place}.defaultCacheDuration`, "a duration such as 12h");
    if (fields.tokenAttributes !== undefined)
      bad(`${place}.tokenAttributes`, "absent: there are no service accounts here");
    const args = textsOf(fields.args ?? []) ?? bad(`${place}.args`, "a list of strings");
    const env = variablesOf(fields.env ?? []) ?? bad(`${place}.env`, "a list of names and values");
    return { name, matchImages, defaultCacheMs, apiVersion, args, env };
  });
  const names = plugins.map(({ name }) => name);
  if (new Set(names).size < names.length) bad("providers", "of different names");
  return plugins;
}

function parsed(path: string, text: string): unknown {
  try {
    // Its warnings would go to the standard error output, with the lines that they are about.
    return parse(text, { logLevel: "error", prettyErrors: false });
  } catch (cause) {
    throw new BerthError("ConfigInvalid", `${path} is no YAML`, { cause });
  }
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;

const textsOf = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) && value.every((one): one is string => typeof one === "string") ? value : undefined;

function variablesOf(value: unknown): Readonly<Record<string, string>> | undefined {
  if (!Array.isArray(value)) return undefined;
  const pairs = value.map(fieldsOf);
  if (!pairs.every((pair) => typeof pair?.name === "string" && typeof pair.value === "string")) return undefined;
  return Object.fromEntries(pairs.map((pair) => [String(pair?.name), String(pair?.value)]));
}
