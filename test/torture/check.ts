import type * as v1 from "../../src/pod/v1.ts";
import type { SeenContainer, SeenSandbox } from "../kit/cri.ts";
import { eventually } from "../kit/eventually.ts";
import { getOverSocket } from "../kit/socket-api.ts";
import type { Scene } from "./fault.ts";
import type { Garden, Plant } from "./garden.ts";
import { variantOf } from "./kinds.ts";
import { NODE, type Stage } from "./stage.ts";

/** How long the runtime may take to hold what the directory asks for, once faults have stopped. */
const WITHIN_MS = 120_000;
/** Nothing may be replaced for so long: berthd reads the directory anew within a second, and waits for writers. */
const STILL_MS = 2_500;
const MOST_LINES = 20;

/** How a complaint begins that berthd has not read the last change of a manifest. */
const STALE = "berthd shows";

/** Since when all is as asked for, by performance.now(), and whether it had looked so before it was. */
export type Rest = { readonly sinceMs: number; readonly onlyLooked: boolean };

/** Ids of containers that are to stay what they are, by pod and container. */
export type Standing = ReadonlyMap<string, string>;

/**
 * Waits until the runtime holds exactly what the garden asks for, berthd shows the same, and nothing is replaced any more: a
 * change that berthd has not read yet would look like rest. Throws what is missing. A run that is broken off waits for nothing.
 */
export function settled({ stage, garden, signal, pause }: Scene): Promise<Rest> {
  let onlyLooked = false;
  const look = async (): Promise<void> => {
    const [shown, sandboxes, containers] = [
      await podsOf(stage),
      await stage.view.sandboxes(),
      await stage.view.containers(),
    ];
    const wrong = [
      ...strangers(garden, shown, sandboxes, containers),
      ...[...garden.plants.values()].flatMap((plant) => ofPlant(plant, shown, sandboxes, containers)),
    ];
    onlyLooked ||= wrong.length > 0 && wrong.every((line) => line.startsWith(STALE));
    const more = wrong.length > MOST_LINES ? [`and ${wrong.length - MOST_LINES} more`] : [];
    if (wrong.length > 0) throw new Error([...wrong.slice(0, MOST_LINES), ...more].join("\n"));
  };
  const lookTwice = async (): Promise<Rest> => {
    const sinceMs = performance.now();
    if (signal.aborted) return { sinceMs, onlyLooked };
    await look();
    const before = await standing(stage, garden);
    await pause(STILL_MS);
    if (signal.aborted) return { sinceMs, onlyLooked };
    await look().catch((thrown) => {
      onlyLooked = true;
      throw thrown;
    });
    const now = await standing(stage, garden);
    const others = [...now].filter(([key, id]) => before.get(key) !== id).map(([key]) => key);
    onlyLooked ||= others.length > 0;
    if (others.length > 0) throw new Error(`still being replaced: ${others.join(", ")}`);
    return { sinceMs, onlyLooked };
  };
  const patience = { withinMs: WITHIN_MS, everyMs: 250 };
  return eventually("the runtime holds what the directory asks for", lookTwice, patience, stage.logEnds);
}

/** The containers that run of pods that are asked for, by pod and container. */
export async function standing(stage: Stage, garden: Garden): Promise<Standing> {
  const containers = await stage.view.containers();
  return new Map(
    containers.flatMap(({ pod, name, state, id }): [string, string][] => {
      const { kind } = garden.plants.get(pod) ?? {};
      const isSteady = state === "running" && kind?.runs.includes(name) === true;
      return isSteady ? [[`${pod}/${name}`, id]] : [];
    }),
  );
}

/** Containers that are others than before, of pods to which nothing was done: restarts without a cause. */
export function changed(before: Standing, after: Standing, garden: Garden): string[] {
  return [...before].flatMap(([key, id]) => {
    const plant = garden.plants.get(key.split("/")[0] ?? "");
    if (plant === undefined || plant.hurt || after.get(key) === id) return [];
    return [`${key} was ${id.slice(0, 12)} and is ${after.get(key)?.slice(0, 12) ?? "gone"}`];
  });
}

async function podsOf({ places }: Stage): Promise<v1.Pod[]> {
  return (await getOverSocket<{ items: v1.Pod[] }>(places.socket, "/v1/pods")).items;
}

const plainName = ({ metadata }: v1.Pod): string => String(metadata?.name).replace(new RegExp(`-${NODE}$`), "");

/** What is there and not asked for. */
function strangers(
  { plants }: Garden,
  shown: readonly v1.Pod[],
  sandboxes: readonly SeenSandbox[],
  containers: readonly SeenContainer[],
): string[] {
  const isOdd = (name: string): boolean => !plants.has(name);
  return [
    ...shown
      .map(plainName)
      .filter(isOdd)
      .map((name) => `berthd still shows ${name}`),
    ...sandboxes.filter(({ pod }) => isOdd(pod)).map(({ pod }) => `a sandbox of ${pod} is left`),
    ...containers.filter(({ pod }) => isOdd(pod)).map(({ pod, name }) => `container ${pod}/${name} is left`),
  ];
}

/** What a pod that is asked for lacks. */
function ofPlant(
  { name, kind, variant }: Plant,
  shown: readonly v1.Pod[],
  sandboxes: readonly SeenSandbox[],
  containers: readonly SeenContainer[],
): string[] {
  const pod = shown.find((one) => plainName(one) === name);
  if (pod === undefined) return [`berthd does not show ${name}`];
  if (variantOf(pod) !== variant) return [`${STALE} ${name} as it was, ${variantOf(pod)} and not ${variant}`];
  const uid = pod.metadata?.uid ?? "";
  const phase = pod.status?.phase ?? "";
  const own = {
    sandboxes: sandboxes.filter((one) => one.pod === name),
    containers: containers.filter((one) => one.pod === name),
  };
  const old = [...own.sandboxes, ...own.containers].filter((one) => one.uid !== uid);
  if (old.length > 0) return [`${old.length} objects of an older ${name} are left`];
  if (kind.ends === true) return phase === "Succeeded" || phase === "Failed" ? [] : [`${name} is ${phase}`];
  const ready = own.sandboxes.filter((one) => one.ready).length;
  if (ready !== 1) return [`${name} has ${ready} ready sandboxes`];
  return kind.runs.flatMap((wanted) => {
    const running = own.containers.filter((one) => one.name === wanted && one.state === "running").length;
    return running === 1 ? [] : [`${running} containers ${name}/${wanted} run`];
  });
}
