import type { Chance, Clock, MonoMs, TakeBack } from "../../base/clock.ts";
import { type Patience, patienceMs } from "../../decide/api-patience.ts";
import { renewTokenAfterMs, tokenLifeMs } from "../../decide/token-life.ts";
import type { DocumentKey } from "../../pod/desired.ts";
import { readTokenKey, TOKEN_DATA_KEY } from "../../pod/token-use.ts";
import type { Cluster } from "../../ports.ts";
import type { ClusterShelf } from "../cluster-shelf.ts";
import type { Round } from "../loop.ts";
import type { Contact } from "./contact.ts";
import { forEachWanted } from "./for-each-wanted.ts";
import { makePace, type Rate } from "./pace.ts";

/** A node that starts asks for the tokens of all its pods. */
const RATE: Rate = { perSecond: 10, burst: 20 };
/** As lists and watches, but a token that cannot be had costs a request each time. */
const PATIENCE: Patience = { firstMs: 800, longestMs: 20_000, jitter: 0.5 };

/**
 * Brings the tokens of service accounts that pods use, and renews them (node.md 3.9).
 *
 * K1  Each is bound to its pod, is kept in memory, and goes with the pod.
 * K2  One that cannot be renewed goes on being used until it expires, and is given out no more then.
 */
export function makeTokens(tools: {
  readonly cluster: Cluster;
  readonly shelf: Pick<ClusterShelf, "wanted" | "onWanted" | "put" | "expire">;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly contact: Contact;
}): Round {
  const { cluster, shelf, clock, chance, contact } = tools;
  const pace = makePace(RATE, clock);
  let issued = 0;

  const turn = async (signal: AbortSignal): Promise<void> => {
    for (let waitMs = pace.waitMs(); waitMs > 0 && !signal.aborted; waitMs = pace.waitMs()) {
      await clock.sleep(waitMs, signal);
    }
    pace.spend();
  };
  const work = async (key: DocumentKey, signal: AbortSignal): Promise<void> => {
    const use = readTokenKey(key);
    if (use === undefined) return;
    const { audience, ...rest } = use;
    let failures = 0;
    let takeBack: TakeBack = () => {};
    signal.addEventListener("abort", () => takeBack(), { once: true });
    const expireAt = (endMonoMs: MonoMs): void => {
      takeBack();
      const leftMs = endMonoMs - clock.now().monoMs;
      // A clock wakes earlier than asked where the wait is long.
      if (leftMs > 0) takeBack = clock.after(leftMs, () => expireAt(endMonoMs));
      else shelf.expire(key);
    };
    while (!signal.aborted) {
      await turn(signal);
      if (signal.aborted) return;
      const askedMonoMs = clock.now().monoMs;
      try {
        const { token } = await cluster.token({ ...rest, audiences: audience === "" ? [] : [audience] }, signal);
        if (signal.aborted) return; // it may be wanted by others already, who ask for their own
        failures = 0;
        contact.well("tokens");
        issued += 1;
        const { wallMs } = clock.now();
        expireAt(askedMonoMs + tokenLifeMs(token, use.expirationSeconds));
        const data = new Map([[TOKEN_DATA_KEY, new Uint8Array(Buffer.from(token))]]);
        const body = { type: "", data, binaryKeys: new Set<string>() };
        shelf.put({ key, version: `${wallMs}.${issued}`, immutable: false, seenWallMs: wallMs, body });
        await clock.sleep(renewTokenAfterMs(token, use.expirationSeconds, chance.fraction()), signal);
      } catch (thrown) {
        if (signal.aborted) return;
        failures += 1;
        const error = contact.failed("tokens", thrown);
        await clock.sleep(patienceMs(PATIENCE, failures, error, chance), signal);
      }
    }
  };
  return forEachWanted({ shelf, clock, work });
}
