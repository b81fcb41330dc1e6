import { CAUSES } from "../pod/action.ts";
import { END_CAUSES } from "../pod/desired.ts";
import type { PostStart } from "../pod/memory.ts";
import type * as v1 from "../pod/v1.ts";
import type { StoredPod } from "../ports.ts";

/**
 * Reads the text of a record that may hold anything: torn by a full disk, edited, or written by another version.
 * Answers with why it cannot be used.
 */
export function decodeRecord(text: string, uid: string): StoredPod | string {
  const value = parse(text);
  if (!isMap(value)) return "it is not a JSON object";
  if (value.version !== 1) return "its version is not known here";
  if (value.uid !== uid) return "it belongs to another pod";

  const { version: _, ...stored } = value;
  const { source, ...rest } = stored;
  const { namespace, name, path, document, seenWallMs, manifest, record, ending, device } = rest;
  if (!isText(namespace) || !isText(name)) return "it does not name its pod";
  if (!isText(path) || !isCount(document) || !isMoment(seenWallMs) || !isOptional(device, isText))
    return "it does not tell the origin of its pod";
  if (source !== undefined && source !== "api") return "the source of its pod is not known here";
  if (!isMap(manifest) || !isMap(manifest.spec) || !isMap(manifest.metadata)) return "it holds no manifest";
  if (!isRecord(record)) return "what was learnt of the pod makes no sense";
  if (!isOptional(ending, isEnding)) return "how its pod ends makes no sense";
  return {
    ...{ ...rest, uid, namespace, name, path, document, seenWallMs, record },
    manifest: manifest as v1.Pod,
    ...(source === undefined ? {} : { source }),
  };
}

function isRecord(value: unknown): value is StoredPod["record"] {
  return (
    isMap(value) &&
    value.version === 1 &&
    typeof value.initialized === "boolean" &&
    isOptional(value.startedWallMs, isMoment) &&
    isMap(value.instances) &&
    Object.values(value.instances).every(isInstance) &&
    isMap(value.decidedWallMs) &&
    Object.values(value.decidedWallMs).every(isMoment) &&
    isOptional(value.attempts, (counts) => isMap(counts) && Object.values(counts).every(isCount)) &&
    Array.isArray(value.conditions) &&
    value.conditions.every(isCondition) &&
    isOptional(value.terminal, isTerminal) &&
    isOptional(value.allocated, isAllocation) &&
    isOptional(value.resizing, (one) => isMap(one) && isOptional(one.generation, isCount))
  );
}

const isAllocation = (value: unknown): boolean =>
  isMap(value) &&
  isOptional(value.pod, isResources) &&
  isMap(value.containers) &&
  Object.values(value.containers).every(isResources);
const isResources = (value: unknown): boolean =>
  isMap(value) && isOptional(value.limits, isAmounts) && isOptional(value.requests, isAmounts);
const isAmounts = (value: unknown): boolean =>
  isMap(value) && Object.values(value).every((amount) => isText(amount) || typeof amount === "number");

const TEXTS_OF_CONDITION = ["status", "reason", "message", "lastTransitionTime", "lastProbeTime"];

function isCondition(value: unknown): boolean {
  return isMap(value) && isText(value.type) && TEXTS_OF_CONDITION.every((name) => isOptional(value[name], isText));
}

const POST_STARTS: readonly PostStart[] = ["due", "running", "done", "failed"];

function isInstance(value: unknown): boolean {
  return (
    isMap(value) &&
    isOptional(value.started, isFlag) &&
    isOptional(value.ready, isFlag) &&
    isOptional(value.postStart, (word) => POST_STARTS.some((known) => known === word)) &&
    isOptional(value.stopCause, (word) => CAUSES.some((known) => known === word)) &&
    isOptional(value.preStop, (word) => word === "done") &&
    isOptional(value.stopByWallMs, isMoment) &&
    isOptional(value.given, isText)
  );
}

function isTerminal(value: unknown): boolean {
  return (
    isMap(value) &&
    (value.phase === "Succeeded" || value.phase === "Failed") &&
    isText(value.bootId) &&
    isOptional(value.reason, isText) &&
    isOptional(value.message, isText)
  );
}

const isEnding = (value: unknown): boolean =>
  isMap(value) && END_CAUSES.some((known) => known === value.cause) && isGrace(value.graceSeconds);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string";
/** A Date has no room for more. */
const isMoment = (value: unknown): value is number => typeof value === "number" && Math.abs(value) <= 8.64e15;
const isGrace = (value: unknown): boolean => typeof value === "number" && value >= 0 && value < 2 ** 31;
/** A whole number that the runtime and statuses have room for. */
const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 31 - 1;
const isFlag = (value: unknown): value is boolean => typeof value === "boolean";
const isOptional = (value: unknown, is: (value: unknown) => boolean): boolean => value === undefined || is(value);
