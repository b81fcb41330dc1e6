/** Tells the person at the terminal what is being done, on stderr so that stdout stays for results. */
export function say(what: string): void {
  process.stderr.write(`· ${what}\n`);
}

/** Ends the program with a message for a person: what is wrong and what to do about it, without a stack trace. */
export function fail(message: string): never {
  process.stderr.write(`\n${message}\n`);
  process.exit(1);
}

/** The message of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
