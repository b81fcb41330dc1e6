/** The text that a failed connection shows: the system's message, with the cause that fetchers tend to hide. */
export function failureText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error instanceof AggregateError ? error.errors.at(-1) : error.cause;
  return inner instanceof Error ? failureText(inner) : error.message;
}
