/**
 * Every kind of failure that a person can meet, with what it means. Codes are stable: they stand in logs, problems and
 * answers, and each has its entry in docs/errors.md (a test holds the two together).
 */
export const ERROR_CODES = {
  // the runtime
  RuntimeUnavailable: "the container runtime cannot be reached",
  RuntimeTimeout: "the container runtime did not answer in time; whether the call took effect is not known",
  RuntimeCancelled: "the call was given up before the container runtime answered",
  RuntimeNotFound: "the container runtime does not know the object",
  RuntimeNameReserved: "the container runtime holds the name for an earlier call",
  RuntimeUnsupported: "the container runtime lacks the function",
  RuntimeExhausted: "the container runtime's answer or queue is full",
  RuntimeRefused: "the container runtime refused the call",
  RuntimeBadAnswer: "the container runtime's answer makes no sense",
  SandboxUnread: "a sandbox was made, and its status cannot be read",
  // images
  ImageNameInvalid: "the image name cannot be parsed",
  ImagePullFailed: "the image could not be pulled",
  RegistryUnavailable: "the registry cannot be reached",
  SignatureValidationFailed: "the image's signature was not accepted",
  // making a container
  ContainerConfigInvalid: "the container cannot be made as its manifest asks",
  VolumeFailed: "a volume could not be set up",
  HookFailed: "a lifecycle hook failed",
  // files of the agent
  FileFailed: "a file or directory could not be read or written",
  RecordTorn: "a record on disk is damaged",
  // start and configuration
  ConfigInvalid: "the configuration is not valid",
  RootDirTaken: "another berthd works in this root directory",
  KubeletPresent: "a kubelet already manages this runtime",
  SocketTaken: "a socket or port is in use",
  HostRefused: "a program or service of the host refused what it was asked for, or is not there",
  // the API server
  ApiUnreachable: "the API server cannot be reached, or the connection broke",
  ApiTimeout: "the API server did not answer in time; whether the request took effect is not known",
  ApiUnauthorized: "the API server does not accept the credentials",
  ApiForbidden: "the API server does not allow the request",
  ApiNotFound: "the API server has no such object",
  ApiExists: "the API server has an object of this name already",
  ApiConflict: "the object was changed or replaced in the meantime",
  ApiGone: "the API server no longer keeps what was asked for: it has to be listed again",
  ApiRefused: "the API server refused the request for what it contains",
  ApiBusy: "the API server asks for patience",
  ApiFailed: "the API server has a fault of its own",
  ApiBadAnswer: "the API server's answer makes no sense",
  // requests of people
  NotFound: "there is no such object",
  Ambiguous: "the name fits more than one object",
  BadRequest: "the request makes no sense",
  Internal: "a fault in Berth itself",
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** What a failed call may have left behind: nothing, or possibly all that it was to do. */
export type Effect = "none" | "unknown";

/** An error with a code; the message says what was being done to what. Thrown once, logged once where it is handled. */
export class BerthError extends Error {
  readonly code: ErrorCode;
  readonly effect: Effect;
  /** How long whoever refused asks to be left alone; absent: it did not say. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; effect?: Effect; retryAfterMs?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "BerthError";
    this.code = code;
    this.effect = options.effect ?? "none";
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Whatever was thrown, as an error with a code; a stranger becomes Internal and keeps its cause. */
export function asBerthError(thrown: unknown, doing: string): BerthError {
  if (thrown instanceof BerthError) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new BerthError("Internal", `${doing}: ${reason}`, { cause: thrown, effect: "unknown" });
}
