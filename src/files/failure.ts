import { BerthError, type ErrorCode } from "../base/errors.ts";

/** The system's word for what went wrong (ENOENT, EBUSY, ...), or undefined for a stranger. */
export function systemCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !("code" in thrown)) return undefined;
  return typeof thrown.code === "string" ? thrown.code : undefined;
}

/** Runs the work; what it throws gets a code and says what was being done. Aborts and BerthErrors pass unchanged. */
export async function doing<T>(what: string, code: ErrorCode, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  try {
    return await work();
  } catch (error) {
    if (signal.aborted || error instanceof BerthError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new BerthError(code, `cannot ${what}: ${reason}`, { cause: error });
  }
}

/** The work's result, or undefined when what it looked for is not there. */
export async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
