import { makeBell } from "../../../src/base/bell.ts";
import type { Clock } from "../../../src/base/clock.ts";
import { BerthError } from "../../../src/base/errors.ts";
import type { Sighting } from "../../../src/pod/observed.ts";

/** The open event streams of the fake runtime. */
export type Streams = {
  open(signal: AbortSignal): AsyncIterable<Sighting>;
  send(news: Sighting): void;
  /** The connection breaks: every open stream fails. */
  breakAll(): void;
};

/** No stream is open. */
export function makeStreams(clock: Clock): Streams {
  const readers = new Set<{ take(news: Sighting): void; end(): void }>();

  return {
    open(signal) {
      const queue: Sighting[] = [];
      const bell = makeBell(clock);
      let broken = false;
      const reader = {
        take(news: Sighting): void {
          queue.push(news);
          bell.ring();
        },
        end(): void {
          broken = true;
          bell.ring();
        },
      };
      readers.add(reader);
      return (async function* read() {
        try {
          while (!signal.aborted) {
            const news = queue.shift();
            if (news !== undefined) yield news;
            else if (broken) throw new BerthError("RuntimeUnavailable", "the event stream broke");
            else await bell.wait(undefined, signal);
          }
        } finally {
          readers.delete(reader);
        }
      })();
    },
    send(news) {
      for (const reader of readers) reader.take(news);
    },
    breakAll() {
      for (const reader of [...readers]) reader.end();
      readers.clear();
    },
  };
}
