import {
  freshMemory,
  type InstanceMemory,
  type InstanceRecord,
  type PodMemory,
  type PodRecord,
  type Resizing,
  type StartMemory,
} from "../pod/memory.ts";

/** The part of a memory that must survive the agent (D8). */
export function recordOf(memory: PodMemory): PodRecord {
  const decided = Object.entries(memory.starts).filter(([, start]) => start.decidedWallMs !== undefined);
  return {
    version: 1,
    ...(memory.startedWallMs === undefined ? {} : { startedWallMs: memory.startedWallMs }),
    initialized: memory.initialized,
    instances: Object.fromEntries(Object.entries(memory.instances).map(([id, instance]) => [id, kept(instance)])),
    decidedWallMs: Object.fromEntries(decided.map(([name, start]) => [name, start.decidedWallMs ?? 0])),
    attempts: Object.fromEntries(
      Object.entries(memory.starts).flatMap(([name, { attempt }]) => (attempt === undefined ? [] : [[name, attempt]])),
    ),
    conditions: memory.conditions,
    ...(memory.terminal === undefined ? {} : { terminal: memory.terminal }),
    ...(memory.allocated === undefined ? {} : { allocated: memory.allocated }),
    ...(memory.resizing === undefined ? {} : { resizing: withoutMoment(memory.resizing) }),
  };
}

/** The memory that an agent begins with which finds this record. */
export function memoryOf(record: PodRecord): PodMemory {
  const { attempts = {}, decidedWallMs } = record;
  const names = new Set([...Object.keys(attempts), ...Object.keys(decidedWallMs)]);
  const starts = [...names].map((name): [string, StartMemory] => [
    name,
    {
      ...(attempts[name] === undefined ? {} : { attempt: attempts[name] }),
      ...(decidedWallMs[name] === undefined ? {} : { decidedWallMs: decidedWallMs[name] }),
    },
  ]);
  return {
    ...freshMemory,
    ...(record.startedWallMs === undefined ? {} : { startedWallMs: record.startedWallMs }),
    initialized: record.initialized,
    instances: Object.fromEntries(Object.entries(record.instances).map(([id, instance]) => [id, recalled(instance)])),
    starts: Object.fromEntries(starts),
    conditions: record.conditions,
    ...(record.terminal === undefined ? {} : { terminal: record.terminal }),
    ...(record.allocated === undefined ? {} : { allocated: record.allocated }),
    ...(record.resizing === undefined ? {} : { resizing: record.resizing }),
  };
}

/** Moments on an agent's own clock say nothing to the next. */
const withoutMoment = ({ sinceAt: _, told: __, ...rest }: Resizing): Pick<Resizing, "generation"> => rest;

function kept({
  started,
  ready,
  postStart,
  preStop,
  stop,
  stopCause = stop?.cause,
  given,
}: InstanceMemory): InstanceRecord {
  return {
    ...(started === undefined ? {} : { started }),
    ...(ready === undefined ? {} : { ready }),
    ...(postStart === undefined ? {} : { postStart }),
    ...(stopCause === undefined ? {} : { stopCause }),
    ...(stop?.byWallMs === undefined ? {} : { stopByWallMs: stop.byWallMs }),
    ...(preStop === "done" || preStop === "earlier" ? { preStop: "done" } : {}),
    ...(given === undefined ? {} : { given }),
  };
}

/** A stop that an earlier agent decided is carried through; the first plan puts its deadline on this agent's own clock. */
function recalled({ stopCause, stopByWallMs, preStop, ...rest }: InstanceRecord): InstanceMemory {
  const instance: InstanceMemory = { ...rest, ...(preStop === undefined ? {} : { preStop: "earlier" }) };
  if (stopCause === undefined) return instance;
  const byWallMs = stopByWallMs === undefined ? {} : { byWallMs: stopByWallMs };
  return { ...instance, stop: { cause: stopCause, by: Number.POSITIVE_INFINITY, ...byWallMs } };
}
