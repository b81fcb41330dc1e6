import type { Chance } from "../../../src/base/clock.ts";
import type { ErrorCode } from "../../../src/base/errors.ts";

/** What may go wrong with one call. */
export type CallFault =
  | { readonly kind: "slow"; readonly byMs: number }
  /** Takes effect at once; its answer shows that moment and comes so much later. */
  | { readonly kind: "answers late"; readonly byMs: number }
  /** Answers with the failure and has changed nothing. */
  | { readonly kind: "fails"; readonly code: ErrorCode }
  /** Never reaches the runtime; the caller waits until its deadline. */
  | { readonly kind: "times out before" }
  /** Takes effect after so long, and the caller hears of it only that its deadline has passed. */
  | { readonly kind: "times out after"; readonly effectAfterMs: number }
  /** Takes effect; the connection breaks before the answer, at once or so much later. */
  | { readonly kind: "answer lost"; readonly afterMs?: number };

/** What may happen to one piece of the event stream. */
export type EventFault =
  | { readonly kind: "lost" }
  | { readonly kind: "doubled" }
  | { readonly kind: "late"; readonly byMs: number };

/** Says of each call and event in turn what goes wrong with it, if anything. */
export type Faults = {
  ofCall(call: string, subject: string): CallFault | undefined;
  ofEvent(): EventFault | undefined;
  /** The next call of this kind, and for this object if named, meets the fault. */
  script(call: string, fault: CallFault, subject?: string): void;
  scriptEvent(fault: EventFault): void;
  /** What was scripted and has not struck is taken back. */
  clear(): void;
  /** How often each kind has struck. */
  readonly struck: ReadonlyMap<string, number>;
};

/** Share of calls and of events that meet a fault by chance, 0 to 1. */
export type FaultRates = { readonly calls: number; readonly events: number };

const CODES: readonly ErrorCode[] = ["RuntimeUnavailable", "RuntimeRefused", "RuntimeExhausted", "RuntimeNotFound"];

/** Scripted faults first, then chance at these rates; the rates may be changed while it runs. */
export function makeFaults(chance: Chance, rates: () => FaultRates): Faults {
  const scripts: { call: string; subject?: string; fault: CallFault }[] = [];
  const eventScripts: EventFault[] = [];
  const struck = new Map<string, number>();

  const count = <T extends { readonly kind: string }>(fault: T | undefined): T | undefined => {
    if (fault === undefined) return fault;
    const name = "code" in fault ? `${fault.kind} ${String(fault.code)}` : fault.kind;
    struck.set(name, (struck.get(name) ?? 0) + 1);
    return fault;
  };
  const scripted = (call: string, subject: string): CallFault | undefined => {
    const place = scripts.findIndex(
      (script) => script.call === call && (script.subject === undefined || script.subject === subject),
    );
    return place < 0 ? undefined : scripts.splice(place, 1)[0]?.fault;
  };
  const byChance = (): CallFault | undefined => {
    if (chance.fraction() >= rates().calls) return undefined;
    const size = chance.fraction();
    switch (Math.floor(chance.fraction() * 5)) {
      case 0:
        return { kind: "slow", byMs: Math.floor(size * 20_000) };
      case 1:
        return { kind: "times out before" };
      case 2:
        return { kind: "times out after", effectAfterMs: Math.floor(size * 150_000) };
      case 3:
        return { kind: "answer lost" };
      default:
        return { kind: "fails", code: CODES[Math.floor(size * CODES.length)] ?? "RuntimeRefused" };
    }
  };
  const eventByChance = (): EventFault | undefined => {
    if (chance.fraction() >= rates().events) return undefined;
    const size = chance.fraction();
    switch (Math.floor(chance.fraction() * 3)) {
      case 0:
        return { kind: "lost" };
      case 1:
        return { kind: "doubled" };
      default:
        return { kind: "late", byMs: Math.floor(size * 30_000) };
    }
  };

  return {
    ofCall: (call, subject) => count(scripted(call, subject) ?? byChance()),
    ofEvent: () => count(eventScripts.shift() ?? eventByChance()),
    script(call, fault, subject) {
      scripts.push({ call, fault, ...(subject === undefined ? {} : { subject }) });
    },
    scriptEvent: (fault) => void eventScripts.push(fault),
    clear() {
      scripts.length = 0;
      eventScripts.length = 0;
    },
    struck,
  };
}
