import type { Chance, Clock } from "../../base/clock.ts";
import { BerthError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { type Patience, patienceMs } from "../../decide/api-patience.ts";
import { certificateRequest, renewalDueMs, verdictOf } from "../../decide/certificate.ts";
import type { CertificateFacts, CertificateRequest, CertificateSubject, CertificateUse } from "../../pod/cluster.ts";
import type { Meter } from "../../pod/metrics.ts";
import type { Cluster, NodeCertificates } from "../../ports.ts";
import type { Round } from "../loop.ts";
import type { Contact } from "./contact.ts";
import { makeFollow } from "./follow.ts";

/** After failures: 2, 4, 8, 16, then every 32 s (node.md 1.4). */
const PATIENCE: Patience = { firstMs: 2000, longestMs: 32_000, jitter: 0.1 };
/** Somebody may have to approve the request by hand; then another one is made. */
const LONGEST_WAIT_MS = 15 * 60_000;
/** The wall clock decides and may jump, so it is looked at now and then. */
const LOOK_MS = 60_000;
/** A node without an address waits for its cloud's controller to tell one (node.md 1.4). */
const NAMELESS_LOOK_MS = 1000;

/** A certificate that is due as soon as it came is asked for again after so long, doubling up to the longest. */
const HASTY_MS = 60_000;
const HASTY_LONGEST_MS = 3_600_000;

const TOPICS = { client: "certificate", serving: "serving certificate" } as const;
/** Where the numbers of each use are told. */
const TOLD: {
  readonly [U in CertificateUse]: { left(meter: Meter, seconds: number): void; failed(meter: Meter): void };
} = {
  client: {
    left: (meter, seconds) => meter.set("kubelet_certificate_manager_client_ttl_seconds", {}, seconds),
    failed: (meter) => meter.add("kubelet_certificate_manager_client_expiration_renew_errors", {}, 1),
  },
  serving: {
    left: (meter, seconds) => meter.set("kubelet_certificate_manager_server_ttl_seconds", {}, seconds),
    failed: (meter) => meter.add("kubelet_server_expiration_renew_errors", {}, 1),
  },
};

/**
 * Looks after the node's certificate for one use (node.md 1.3, 1.4).
 *
 * C1  A certificate is asked for when there is none that is the node's, and after 70 to 90 % of its life.
 * C2  What is there stays in use until the next one is on disk.
 * C3  A request that is denied, gone or not answered is followed by another one, ever more slowly.
 * C4  So is one whose certificate is due at once, as by a clock that is a year ahead, or from a signer that leaves out names.
 */
export function makeCertificateBeat(tools: {
  /** The server under the credentials that may ask. */
  readonly cluster: Cluster;
  readonly certificates: NodeCertificates;
  readonly use: CertificateUse;
  /** Whose it is to be, as of now; undefined: nobody can say yet. */
  subject(): CertificateSubject | undefined;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly contact: Contact;
  readonly log: Log;
  readonly meter: Meter;
}): Round {
  const { cluster, certificates, use, clock, chance, contact, log, meter } = tools;
  const topic = TOPICS[use];
  const kind = "certificatesigningrequests" as const;
  let hasty = 0;
  let soonestMonoMs = Number.NEGATIVE_INFINITY;
  let drawn: { readonly notAfterMs: number; readonly fraction: number } | undefined;

  /** One draw for each certificate: a new one at each look would end up early. */
  const dueMs = (held: CertificateFacts | undefined, subject: CertificateSubject): number => {
    if (held === undefined) return Number.NEGATIVE_INFINITY;
    if (drawn?.notAfterMs !== held.notAfterMs) drawn = { notAfterMs: held.notAfterMs, fraction: chance.fraction() };
    return renewalDueMs(held, subject, drawn.fraction);
  };
  const issued = async (made: CertificateRequest, signal: AbortSignal): Promise<string> => {
    const name = made.metadata.name ?? "";
    const over = new AbortController();
    const until = AbortSignal.any([signal, over.signal]);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const fail = (why: string): void =>
      reject(new BerthError("ApiRefused", `the request ${name} for the node's certificate: ${why}`));
    const look = (seen: CertificateRequest): void => {
      const verdict = verdictOf(made, seen);
      if (verdict.kind === "issued") resolve(verdict.certificate);
      if (verdict.kind === "refused") fail(verdict.why);
    };
    const follow = makeFollow({
      cluster,
      of: { kind, fieldSelector: `metadata.name=${name}` },
      topic,
      clock,
      chance,
      contact,
      follower: {
        // A list may be older than the request: only an event says that it is gone.
        onSet: (items) => items.forEach(look),
        onPut: look,
        onGone: () => fail("it was removed"),
      },
    });
    void clock.sleep(LONGEST_WAIT_MS, until).then(() => fail("nobody has approved it"));
    void follow(until, () => {}).catch(reject);
    try {
      return await promise;
    } finally {
      over.abort();
    }
  };
  const renew = async (subject: CertificateSubject, signal: AbortSignal): Promise<void> => {
    const wish = await certificates.ask(subject);
    const request = certificateRequest(use, wish.request, await certificates.wantsKeyEncipherment(signal));
    const made = await cluster.create({ kind }, request, signal);
    log.info("the node asks for a certificate", { use, request: made.metadata.name });
    const before = certificates.current();
    const facts = await wish.keep(await issued(made, signal));
    log.info("the node has a new certificate", { use, notAfter: facts.notAfterMs });
    if (use === "client" || before === undefined) return;
    const ageMs = clock.now().wallMs - before.notBeforeMs;
    meter.observe("kubelet_certificate_manager_server_rotation_seconds", {}, ageMs / 1000);
  };

  const noteHaste = (subject: CertificateSubject): void => {
    const { wallMs, monoMs } = clock.now();
    hasty = dueMs(certificates.current(), subject) > wallMs ? 0 : hasty + 1;
    const pauseMs = Math.min(HASTY_MS * 2 ** (hasty - 1), HASTY_LONGEST_MS);
    soonestMonoMs = hasty === 0 ? Number.NEGATIVE_INFINITY : monoMs + pauseMs;
    if (hasty === 1)
      log.warn("the new certificate is already due for another one: is the host's clock right?", { use });
  };

  return async (signal, beat) => {
    let failures = 0;
    while (!signal.aborted) {
      const held = certificates.current();
      const { wallMs, monoMs } = clock.now();
      const left = held === undefined ? Number.POSITIVE_INFINITY : Math.trunc((held.notAfterMs - wallMs) / 1000);
      TOLD[use].left(meter, left);
      beat();
      const subject = tools.subject();
      if (subject === undefined) {
        await clock.sleep(NAMELESS_LOOK_MS, signal);
        continue;
      }
      const waitMs = Math.max(dueMs(held, subject) - wallMs, soonestMonoMs - monoMs);
      if (waitMs > 0) {
        await clock.sleep(Math.min(waitMs, LOOK_MS), signal);
        continue;
      }
      try {
        await renew(subject, signal);
        failures = 0;
        noteHaste(subject);
        contact.well(topic);
      } catch (thrown) {
        if (signal.aborted) return;
        failures += 1;
        TOLD[use].failed(meter);
        const error = contact.failed(topic, thrown);
        await clock.sleep(patienceMs(PATIENCE, failures, error, chance), signal);
      }
    }
  };
}
