import { cut } from "../base/cut.ts";
import { BerthError, type Effect, type ErrorCode } from "../base/errors.ts";
import { CALLS, type Rpc } from "./calls.ts";
import { NEVER_SENT, STATUS } from "./grpc/status.ts";

/** How a call ended, as gRPC tells it. */
export type CallEnd = {
  readonly rpc: Rpc;
  readonly subject: string;
  readonly status: number;
  readonly details: string;
};

/** Failures that runtimes name at the beginning of their text, for want of status codes (cri-mapping 7). */
const SPOKEN = [
  "RegistryUnavailable",
  "SignatureValidationFailed",
  "RROUnsupported",
  "ImageVolumeMountFailed",
] as const;
export type SpokenFailure = (typeof SPOKEN)[number];

/** Characters of the runtime's own words for a failure. @limit The rest is left out. */
const LONGEST_DETAILS = 8192;

/** A call to the runtime that failed: which one on what, why, and what it may have left behind. */
export class CriError extends BerthError {
  readonly rpc: Rpc;
  /** gRPC status code. */
  readonly status: number;
  /** The runtime's own words. */
  readonly details: string;
  /** Id of the object that holds the wanted name, where the runtime tells. */
  readonly holder: string | undefined;
  readonly spoken: SpokenFailure | undefined;

  constructor(end: CallEnd, code: ErrorCode, effect: Effect, options: { cause?: unknown } = {}) {
    const subject = end.subject === "" ? "" : ` of ${end.subject}`;
    super(code, `${end.rpc}${subject}: ${cut(end.details, LONGEST_DETAILS)}`, { ...options, effect });
    this.name = "CriError";
    this.rpc = end.rpc;
    this.status = end.status;
    this.details = cut(end.details, LONGEST_DETAILS);
    this.holder = /\bis reserved for "?([0-9a-f]{8,64})\b/.exec(end.details)?.[1];
    this.spoken = spokenIn(end.details);
  }
}

/** What a call that ended badly means. */
export function failureOf(end: CallEnd): CriError {
  return new CriError(end, codeOf(end), effectOf(end));
}

/** A call that was given up by this side. */
export function givenUp(rpc: Rpc, subject: string, effect: Effect): CriError {
  const end = { rpc, subject, status: STATUS.cancelled, details: "given up before the runtime answered" };
  return new CriError(end, "RuntimeCancelled", CALLS[rpc].kind === "read" ? "none" : effect);
}

/** An answer that cannot be read or lacks what it must have. The call itself took effect. */
export function badAnswer(rpc: Rpc, subject: string, details: string, cause?: unknown): CriError {
  const effect = CALLS[rpc].kind === "read" ? "none" : "unknown";
  return new CriError({ rpc, subject, status: 0, details }, "RuntimeBadAnswer", effect, { cause });
}

function codeOf({ rpc, status, details }: CallEnd): ErrorCode {
  if (isNameReserved(status, details)) return "RuntimeNameReserved";
  if (details.includes(STILL_LOADING)) return "RuntimeUnavailable";
  switch (status) {
    case STATUS.deadlineExceeded:
      return "RuntimeTimeout";
    // Not by this side: a runtime that shuts down takes its calls back.
    case STATUS.cancelled:
    case STATUS.unavailable:
      return "RuntimeUnavailable";
    case STATUS.unimplemented:
      return "RuntimeUnsupported";
    case STATUS.resourceExhausted:
      return "RuntimeExhausted";
  }
  if (rpc === "PullImage") return pullCodeOf(details);
  return status === STATUS.notFound ? "RuntimeNotFound" : "RuntimeRefused";
}

/** Containerd says this with status Unknown, FailedPrecondition or AlreadyExists, by version. */
function isNameReserved(status: number, details: string): boolean {
  return status === STATUS.alreadyExists || details.includes("is reserved for");
}

/** What containerd answers with status Unknown until its parts are up. */
const STILL_LOADING = "server is not initialized yet";

function pullCodeOf(details: string): ErrorCode {
  const spoken = spokenIn(details);
  return spoken === "RegistryUnavailable" || spoken === "SignatureValidationFailed" ? spoken : "ImagePullFailed";
}

/** Statuses that a runtime gives before it has begun to work. */
const REFUSED_AT_ONCE: readonly number[] = [
  STATUS.invalidArgument,
  STATUS.notFound,
  STATUS.permissionDenied,
  STATUS.failedPrecondition,
  STATUS.outOfRange,
  STATUS.unimplemented,
  STATUS.unauthenticated,
];

/**
 * A write may have worked when its answer was lost. One that failed with the catch-all Unknown, as most of containerd's do,
 * may have got half-way: a container whose start failed is EXITED afterwards. One that met a reserved name did nothing
 * itself, but the call before it that reserved the name may have.
 */
function effectOf({ rpc, status, details }: CallEnd): Effect {
  if (CALLS[rpc].kind === "read") return "none";
  if (isNameReserved(status, details)) return "unknown";
  if (REFUSED_AT_ONCE.includes(status) || details.includes(STILL_LOADING)) return "none";
  if (status === STATUS.unavailable && details.startsWith(NEVER_SENT)) return "none";
  return "unknown";
}

function spokenIn(details: string): SpokenFailure | undefined {
  return SPOKEN.find((word) => details.startsWith(word));
}
