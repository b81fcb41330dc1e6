import { setTimeout as sleep } from "node:timers/promises";

/** How long to wait, and how often to look. */
export type Patience = { readonly withinMs?: number; readonly everyMs?: number };

/**
 * Looks again and again until nothing is thrown, and hands back what the last look gave. At the deadline it throws the last
 * complaint, so that the message shows the last state; `more` adds what helps to understand it, such as the end of a log.
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T> | T,
  patience: Patience = {},
  more: () => Promise<string> = async () => "",
): Promise<T> {
  const withinMs = patience.withinMs ?? 20_000;
  const begin = performance.now();
  for (;;) {
    try {
      return await look();
    } catch (complaint) {
      if (performance.now() - begin > withinMs) {
        const message = complaint instanceof Error ? complaint.message : String(complaint);
        throw new Error(`not within ${withinMs / 1000} s: ${what}\n${message}\n${await more()}`, { cause: complaint });
      }
    }
    await sleep(patience.everyMs ?? 100);
  }
}

/** Looks again and again for a while and throws the first complaint: something must stay as it is. */
export async function steadily(
  forMs: number,
  look: () => Promise<void> | void,
  more: () => Promise<string> = async () => "",
): Promise<void> {
  for (const end = performance.now() + forMs; performance.now() < end; await sleep(250)) {
    try {
      await look();
    } catch (complaint) {
      throw new Error(`${complaint instanceof Error ? complaint.message : String(complaint)}\n${await more()}`, {
        cause: complaint,
      });
    }
  }
}
