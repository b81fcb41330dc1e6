import type { SessionResult } from "./frames.ts";

/** Reads the last word of a command's error stream: a v1 Status. Nothing at all means that the connection broke. */
export function readVerdict(text: string): SessionResult {
  if (text === "") return { kind: "failed", message: "the connection to the container broke" };
  try {
    const status: unknown = JSON.parse(text);
    return isStatus(status) ? fromStatus(status) : { kind: "failed", message: text };
  } catch {
    return { kind: "failed", message: text };
  }
}

type Status = {
  status?: string;
  reason?: string;
  message?: string;
  details?: { causes?: { reason?: string; message?: string }[] };
};

function isStatus(value: unknown): value is Status {
  return typeof value === "object" && value !== null && "status" in value;
}

function fromStatus(status: Status): SessionResult {
  if (status.status === "Success") return { kind: "exited", exitCode: 0 };
  const code = status.details?.causes?.find((cause) => cause.reason === "ExitCode")?.message;
  if (status.reason === "NonZeroExitCode" && code !== undefined) return { kind: "exited", exitCode: Number(code) };
  return { kind: "failed", message: status.message ?? "the command could not be run" };
}
