import type { ExecResult } from "../ports.ts";

/** Bytes of what a command in a container says that are kept (R13). @limit The rest is left out. */
const OUTPUT_LIMIT_BYTES = 10 * 1024;

/** What a command said, both streams one after the other. */
export function outputOf({ stdout, stderr }: ExecResult): string {
  const some = [stdout, stderr].map((bytes) => bytes.subarray(0, OUTPUT_LIMIT_BYTES));
  return Buffer.concat(some).subarray(0, OUTPUT_LIMIT_BYTES).toString("utf8");
}
