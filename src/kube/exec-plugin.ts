import { execFile } from "node:child_process";
import { BerthError } from "../base/errors.ts";

/** A program that hands out credentials: `users[].user.exec` of a kubeconfig. */
export type ExecPlugin = {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly apiVersion: string;
};

/** What the program handed out. Never logged. */
export type ExecCredential = {
  readonly token?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** When it has to be asked again; absent: when the server refuses what it gave. */
  readonly expiresWallMs?: number;
};

/** A program that asks somebody a question would never end. */
const LONGEST_MS = 60_000;
const LARGEST_BYTES = 1024 * 1024;

/** Runs the program once. Throws ApiUnauthorized when it fails or its answer is no ExecCredential. */
export async function runPlugin(plugin: ExecPlugin, signal: AbortSignal): Promise<ExecCredential> {
  const asked = { apiVersion: plugin.apiVersion, kind: "ExecCredential", spec: { interactive: false } };
  const env = { ...process.env, ...plugin.environment, KUBERNETES_EXEC_INFO: JSON.stringify(asked) };
  const options = { env, signal, timeout: LONGEST_MS, killSignal: "SIGKILL", maxBuffer: LARGEST_BYTES } as const;
  const output = await new Promise<string>((settle, fail) => {
    const failed = (why: string): void =>
      fail(new BerthError("ApiUnauthorized", `the credential plugin ${plugin.command} failed: ${why}`));
    try {
      const child = execFile(plugin.command, [...plugin.args], options, (error, stdout) => {
        // On an abort Node.js asks it to end and goes on; one that does not listen would stay for good.
        if (signal.aborted) child.kill("SIGKILL");
        if (error === null) return settle(stdout);
        // What it printed may hold a credential; its exit code says enough here, and it has a log of its own.
        failed(error.killed ? "it did not end in time" : `it ended with ${String(error.code)}`);
      });
      // Nobody answers its questions: whoever reads finds the end at once.
      child.stdin?.on("error", () => {}).end();
    } catch {
      // Node.js refuses bytes of zero, and its words would show what they stand in.
      failed("its command, args or env cannot be used");
    }
  });
  return readCredential(plugin, output);
}

function readCredential({ command }: ExecPlugin, output: string): ExecCredential {
  const status = parseStatus(output);
  const of = (name: string): string | undefined =>
    typeof status?.[name] === "string" ? String(status[name]) : undefined;
  const token = of("token");
  if (token !== undefined && !fitsHeader(token))
    throw new BerthError("ApiUnauthorized", `the credential plugin ${command} handed out something that is no token`);
  const certificate = of("clientCertificateData");
  const key = of("clientKeyData");
  if (token === undefined && (certificate === undefined || key === undefined))
    throw new BerthError(
      "ApiUnauthorized",
      `the credential plugin ${command} handed out neither a token nor a certificate`,
    );
  const expires = Date.parse(of("expirationTimestamp") ?? "");
  return {
    ...(token === undefined ? {} : { token }),
    ...(certificate === undefined || key === undefined ? {} : { certificate, key }),
    ...(Number.isNaN(expires) ? {} : { expiresWallMs: expires }),
  };
}

/** Whether a credential can stand in a header as it is. */
export const fitsHeader = (credential: string): boolean => /^[\x20-\x7e]+$/.test(credential);

function parseStatus(output: string): Record<string, unknown> | undefined {
  try {
    return (JSON.parse(output) as { status?: Record<string, unknown> }).status;
  } catch {
    return undefined;
  }
}
