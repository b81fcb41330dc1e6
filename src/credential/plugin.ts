import { spawn } from "node:child_process";
import { join } from "node:path";
import { BerthError } from "../base/errors.ts";
import { parseDurationMs } from "../pod/parse-duration.ts";
import { isObject, parseObject } from "./docker-config.ts";
import type { Entry } from "./match.ts";

/** A program that hands out registry credentials, as a CredentialProviderConfig describes it. */
export type Plugin = {
  readonly name: string;
  readonly matchImages: readonly string[];
  /** How long an answer is good that does not say so itself; 0 is not at all. */
  readonly defaultCacheMs: number;
  readonly apiVersion: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
};

/** What the program handed out. */
export type Answer = {
  readonly cacheKey: "Image" | "Registry" | "Global";
  readonly cacheMs: number;
  readonly entries: readonly Entry[];
};

const LONGEST_MS = 60_000;
/** @limit The program is ended; its answer counts for nothing. */
const LARGEST_ANSWER_BYTES = 1024 * 1024;

/**
 * Runs the program once for an image, for so long at most. Throws ImagePullFailed; what it printed is never repeated, since it
 * may be secret.
 */
export async function askPlugin(
  binDir: string,
  plugin: Plugin,
  image: string,
  longestMs = LONGEST_MS,
): Promise<Answer> {
  const late = AbortSignal.timeout(longestMs);
  const request = { apiVersion: plugin.apiVersion, kind: "CredentialProviderRequest", image };
  const child = spawn(join(binDir, plugin.name), [...plugin.args], {
    env: { ...process.env, ...plugin.env },
    stdio: ["pipe", "pipe", "ignore"],
    signal: late,
    killSignal: "SIGKILL",
  });
  const closed = Promise.withResolvers<string>();
  child.on("error", (cause) =>
    closed.resolve(cause.name === "AbortError" ? "it did not end in time" : "it cannot be run"),
  );
  child.on("close", (code, killed) => closed.resolve(code === 0 ? "" : `it ended with ${code ?? killed}`));
  // Another program that it has left behind may hold its output open, and Node.js would wait for that one.
  late.addEventListener("abort", () => child.stdout.destroy());
  // A program that does not read its input is no fault.
  child.stdin.on("error", () => {});
  child.stdin.end(JSON.stringify(request));
  const chunks: Buffer[] = [];
  let bytes = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= LARGEST_ANSWER_BYTES) chunks.push(chunk);
    else child.kill("SIGKILL");
  });
  const why = await closed.promise;
  if (why !== "") throw failure(plugin, why);
  return readAnswer(plugin, Buffer.concat(chunks).toString());
}

function readAnswer(plugin: Plugin, text: string): Answer {
  const answer = parseObject(text);
  if (answer?.kind !== "CredentialProviderResponse" || answer.apiVersion !== plugin.apiVersion) {
    throw failure(plugin, `its answer is no CredentialProviderResponse of ${plugin.apiVersion}`);
  }
  const { cacheKeyType: cacheKey, cacheDuration, auth = {} } = answer;
  if (cacheKey !== "Image" && cacheKey !== "Registry" && cacheKey !== "Global") {
    throw failure(plugin, "the cacheKeyType of its answer is none of Image, Registry and Global");
  }
  const cacheMs = typeof cacheDuration === "string" ? parseDurationMs(cacheDuration) : plugin.defaultCacheMs;
  if (cacheMs === undefined) throw failure(plugin, "the cacheDuration of its answer is no duration");
  if (auth !== null && !isObject(auth)) throw failure(plugin, "the auth of its answer is no map");
  return {
    cacheKey,
    cacheMs,
    entries: Object.entries(auth ?? {}).map(([pattern, entry]) => readEntry(plugin, pattern, entry)),
  };
}

function readEntry(plugin: Plugin, pattern: string, entry: unknown): Entry {
  const { username = "", password = "" } = isObject(entry) ? entry : { username: 0 };
  if (typeof username !== "string" || typeof password !== "string") {
    throw failure(plugin, "an entry in the auth of its answer has no username and password");
  }
  return { pattern, credential: { username, password } };
}

const failure = ({ name }: Plugin, why: string): BerthError =>
  new BerthError("ImagePullFailed", `the credential provider ${name} failed: ${why}`);
