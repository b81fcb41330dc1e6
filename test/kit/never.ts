/** A signal that never aborts: a clock need not listen to it, which costs more than the sleep. */
export const never = new AbortController().signal;
