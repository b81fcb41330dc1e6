import type { Now } from "../base/clock.ts";
import type { NodeCondition } from "../pod/cluster.ts";
import type { Standing } from "../pod/standing.ts";
import { formatTime } from "../pod/time.ts";
import type { NodeStatusWord } from "./node-news.ts";

/** A status of the runtime counts for so long. */
const FRESH_STATUS_MS = 30_000;
/** A list of the runtime's pods counts for so long. */
const FRESH_LIST_MS = 180_000;

/** What a condition says while it holds and while it does not (node.md 2.3). */
type Words = { readonly reason: string; readonly message: string; readonly news: NodeStatusWord };
type PressureRow = {
  readonly type: string;
  readonly pressure: keyof Standing["pressure"];
  readonly well: Words;
  readonly unwell: Words;
};

type Pressed = NodeStatusWord extends infer Word
  ? Word extends `Node${infer Rest extends `Has${string}`}`
    ? Rest
    : never
  : never;
const words = (what: Pressed, message: string): Words => ({ reason: `Kubelet${what}`, message, news: `Node${what}` });

const PRESSURES: readonly PressureRow[] = [
  {
    type: "MemoryPressure",
    pressure: "memory",
    well: words("HasSufficientMemory", "kubelet has sufficient memory available"),
    unwell: words("HasInsufficientMemory", "kubelet has insufficient memory available"),
  },
  {
    type: "DiskPressure",
    pressure: "disk",
    well: words("HasNoDiskPressure", "kubelet has no disk pressure"),
    unwell: words("HasDiskPressure", "kubelet has disk pressure"),
  },
  {
    type: "PIDPressure",
    pressure: "pid",
    well: words("HasSufficientPID", "kubelet has sufficient PID available"),
    unwell: words("HasInsufficientPID", "kubelet has insufficient PID available"),
  },
];

/**
 * The node's conditions, Ready last (node.md 2.3). Those that others keep, such as NetworkUnavailable, stay as they are. The
 * time of a transition moves only with the status. `missing`: resources whose capacity is not known.
 */
export function nodeConditions(
  before: readonly NodeCondition[],
  standing: Standing,
  missing: readonly string[],
  now: Now,
): NodeCondition[] {
  const own = [...PRESSURES.map((row) => pressureOf(row, standing)), readyOf(standing, missing, now)];
  const types = new Set(own.map(({ type }) => type));
  const time = formatTime(now.wallMs);
  return [
    ...before.filter(({ type }) => !types.has(type)),
    ...own.map((condition) => {
      const old = before.find(({ type }) => type === condition.type);
      const same = old?.status === condition.status;
      return {
        ...condition,
        lastHeartbeatTime: time,
        lastTransitionTime: (same ? old?.lastTransitionTime : undefined) ?? time,
      };
    }),
  ];
}

/** The events that a change of conditions is worth, by their reason; a Ready condition that is new is worth none. */
export function transitionsOf(
  before: readonly NodeCondition[],
  now: readonly NodeCondition[],
): readonly NodeStatusWord[] {
  return now.flatMap(({ type, status }): readonly NodeStatusWord[] => {
    const old = before.find((condition) => condition.type === type);
    if (old?.status === status) return [];
    if (type === "Ready") return old === undefined ? [] : [status === "True" ? "NodeReady" : "NodeNotReady"];
    const row = PRESSURES.find((one) => one.type === type);
    return row === undefined ? [] : [(status === "True" ? row.unwell : row.well).news];
  });
}

type Condition = Pick<NodeCondition, "type" | "status" | "reason" | "message">;

function pressureOf({ type, pressure, well, unwell }: PressureRow, standing: Standing): Condition {
  const holds = standing.pressure[pressure];
  const { reason, message } = holds ? unwell : well;
  return { type, status: holds ? "True" : "False", reason, message };
}

function readyOf(standing: Standing, missing: readonly string[], now: Now): Condition {
  const problems = [...new Set(readyProblems(standing, missing, now))];
  const [first, ...more] = problems;
  if (first === undefined)
    return { type: "Ready", status: "True", reason: "KubeletReady", message: "kubelet is posting ready status" };
  const message = more.length === 0 ? first : `[${problems.join(", ")}]`;
  return { type: "Ready", status: "False", reason: "KubeletNotReady", message };
}

function readyProblems(standing: Standing, missing: readonly string[], { monoMs }: Now): readonly string[] {
  return [
    ...runtimeProblems(standing, monoMs),
    ...listProblems(standing, monoMs),
    ...(standing.shuttingDown ? ["node is shutting down"] : []),
    ...(missing.length === 0 ? [] : [`missing node capacity for resources: ${missing.join(", ")}`]),
  ];
}

/** What the runtime last said counts as long as it is fresh: one answer that is late makes no node unready. */
function runtimeProblems(standing: Standing, monoMs: number): readonly string[] {
  const { runtimeToldMonoMs, runtimeReady, networkReady } = standing;
  if (runtimeToldMonoMs === undefined) return ["container runtime status check may not have completed yet"];
  const words = standing.message ?? "";
  return [
    ...(monoMs - runtimeToldMonoMs >= FRESH_STATUS_MS ? ["container runtime is down"] : []),
    ...(runtimeReady
      ? []
      : [`container runtime not ready: RuntimeReady=false reason:RuntimeNotReady message:${words}`]),
    ...(networkReady
      ? []
      : [`container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:${words}`]),
  ];
}

function listProblems({ listedMonoMs }: Standing, monoMs: number): readonly string[] {
  if (listedMonoMs === undefined) return ["PLEG is not healthy: pleg has yet to be successful"];
  const age = monoMs - listedMonoMs;
  if (age <= FRESH_LIST_MS) return [];
  return [`PLEG is not healthy: pleg was last seen active ${inSteps(age)} ago; threshold is 3m0s`];
}

/** Whole minutes, and later tens of them: an age that moved with each look would be a patch for each look. */
function inSteps(ageMs: number): string {
  const ageMinutes = Math.floor(ageMs / 60_000);
  const minutes = ageMinutes < 10 ? ageMinutes : ageMinutes - (ageMinutes % 10);
  const hours = Math.floor(minutes / 60);
  return `${hours > 0 ? `${hours}h` : ""}${minutes % 60}m0s`;
}
