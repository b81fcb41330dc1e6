import { BerthError } from "../../base/errors.ts";
import { makeGate } from "../../base/gate.ts";

/** Answers that are remembered for a while; equal questions that are asked at once are asked once. */
export type AnsweredBefore<T> = {
  /** Throws what `find` throws, which is not remembered; ApiBusy when too many questions wait already. */
  ask(key: string, find: (signal: AbortSignal) => Promise<T>): Promise<T>;
};

/** Answers of the API server about users that are remembered, yes and no each. @limit The oldest one is asked again. */
const MOST_ANSWERS = 1024;
/** Questions about users that are put to the API server at once. @limit The next one waits. */
const QUESTIONS_AT_ONCE = 8;
/** Questions about users that wait. @limit The request is answered with 503. */
const MOST_WAITING = 128;
/** An answer about a user. @limit The request is answered with 503 or 500. */
const QUESTION_MS = 10_000;

/** `lifeMs` 0 remembers nothing. A flood of answers of one sort never drives out those of the other. */
export function makeAnsweredBefore<T>(rules: {
  readonly lifeMs: { readonly yes: number; readonly no: number };
  readonly isYes: (answer: T) => boolean;
  readonly nowMs: () => number;
}): AnsweredBefore<T> {
  type Kept = { readonly answer: T; readonly untilMs: number };
  /** @bound MOST_ANSWERS */
  const yes = new Map<string, Kept>();
  /** @bound MOST_ANSWERS */
  const no = new Map<string, Kept>();
  /** @bound Questions under way and waiting: QUESTIONS_AT_ONCE and MOST_WAITING. */
  const asked = new Map<string, Promise<T>>();
  const gate = makeGate(QUESTIONS_AT_ONCE);

  const keep = (key: string, answer: T): void => {
    const isYes = rules.isYes(answer);
    const [own, other] = isYes ? [yes, no] : [no, yes];
    other.delete(key);
    own.delete(key);
    const lifeMs = isYes ? rules.lifeMs.yes : rules.lifeMs.no;
    if (lifeMs <= 0) return;
    own.set(key, { answer, untilMs: rules.nowMs() + lifeMs });
    const [oldest] = own.keys();
    if (own.size > MOST_ANSWERS && oldest !== undefined) own.delete(oldest);
  };
  const put = async (key: string, find: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    if (gate.waiting >= MOST_WAITING) throw new BerthError("ApiBusy", "too many requests wait for the API server");
    const late = AbortSignal.timeout(QUESTION_MS);
    const leave = await gate.enter(0, late);
    if (leave === undefined) throw new BerthError("ApiTimeout", "the API server answers too slowly");
    try {
      const answer = await find(late);
      keep(key, answer);
      return answer;
    } finally {
      leave();
    }
  };

  return {
    async ask(key, find) {
      const kept = yes.get(key) ?? no.get(key);
      if (kept !== undefined && kept.untilMs > rules.nowMs()) return kept.answer;
      const same = asked.get(key);
      if (same !== undefined) return same;
      const answer = put(key, find).finally(() => asked.delete(key));
      asked.set(key, answer);
      return answer;
    },
  };
}
