/** Ends every switch over a union: a new member does not compile until each switch has a case for it. */
export function assertNever(value: never): never {
  throw new Error(`a case is missing for ${JSON.stringify(value)}`);
}
