/**
 * Answers of a stream on their way to one reader. Whoever puts is never held up; a reader that falls too far behind loses the
 * stream instead, since a runtime that cannot send blocks for everyone.
 */
export type Answers<T> = AsyncIterable<T> & {
  /** False when the reader is too far behind, has left, or the stream has ended. */
  put(answer: T): boolean;
  /** No more will come; with an error the reader gets that after what was put before. */
  end(error?: Error): void;
  /** Ends now, for the reader too; what waits is dropped. */
  drop(): void;
};

/** An empty queue of at most `limit` waiting answers. `onLeave` is called when the reader stops reading before the end. */
export function makeAnswers<T>(limit: number, onLeave: () => void): Answers<T> {
  /** @bound Answers that wait for their reader: as many as the stream allows. */
  const waiting: T[] = [];
  let ended: { readonly error: Error | undefined } | undefined;
  let wake: (() => void) | undefined;

  function end(error?: Error): void {
    ended ??= { error };
    wake?.();
  }

  function drop(): void {
    waiting.length = 0;
    ended = { error: undefined };
    wake?.();
  }

  async function* read(): AsyncGenerator<T> {
    try {
      while (true) {
        const answer = waiting.shift();
        if (answer !== undefined) yield answer;
        else if (ended === undefined) await new Promise<void>((resolve) => (wake = resolve));
        else if (ended.error === undefined) return;
        else throw ended.error;
      }
    } finally {
      if (ended === undefined) onLeave();
      drop();
    }
  }

  return {
    put(answer) {
      if (ended !== undefined || waiting.length >= limit) return false;
      waiting.push(answer);
      wake?.();
      return true;
    },
    end,
    drop,
    [Symbol.asyncIterator]: read,
  };
}
