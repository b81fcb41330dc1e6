import type { DesiredPod, DesiredVolume } from "../pod/desired.ts";
import type { Meter } from "../pod/metrics.ts";

/** How many volumes are asked for and how many stand, by plugin; one pod's change costs one pod's count. */
export type VolumeCounts = {
  /** The pod as it is wanted now, and the versions of its volumes that stand, by name. */
  note(pod: DesiredPod, standing: Readonly<Record<string, string>>): void;
  forget(podUid: string): void;
};

type State = "desired_state_of_world" | "actual_state_of_world";
/** What was counted of one pod. */
type Counted = Pick<DesiredPod, "volumes"> & { readonly standing: Readonly<Record<string, string>> };
const nothing: Counted = { volumes: [], standing: {} };

/** Counts of nothing. */
export function makeVolumeCounts(meter: Meter): VolumeCounts {
  /** @bound What was counted: one for each pod that has a worker. */
  const pods = new Map<string, Counted>();
  /** @bound Two numbers for each plugin. */
  const totals = new Map<string, Record<State, number>>();

  const add = ({ volumes, standing }: Counted, by: 1 | -1): void => {
    for (const volume of volumes) {
      const plugin = pluginOf(volume);
      const total = totals.get(plugin) ?? { desired_state_of_world: 0, actual_state_of_world: 0 };
      total.desired_state_of_world += by;
      if (standing[volume.name] !== undefined) total.actual_state_of_world += by;
      totals.set(plugin, total);
    }
  };
  const replace = (podUid: string, next: Counted): void => {
    const before = pods.get(podUid) ?? nothing;
    if (before.volumes === next.volumes && before.standing === next.standing) return;
    add(before, -1);
    add(next, 1);
    if (next === nothing) pods.delete(podUid);
    else pods.set(podUid, next);
    for (const volume of [...before.volumes, ...next.volumes]) show(pluginOf(volume));
  };
  const show = (plugin: string): void => {
    for (const [state, value] of Object.entries(totals.get(plugin) ?? {})) {
      meter.set("volume_manager_total_volumes", { plugin_name: plugin, state }, value);
    }
  };

  return {
    note: ({ uid, volumes }, standing) => replace(uid, { volumes, standing }),
    forget: (podUid) => replace(podUid, nothing),
  };
}

const PLUGINS = {
  emptyDir: "kubernetes.io/empty-dir",
  hostPath: "kubernetes.io/host-path",
  configMap: "kubernetes.io/configmap",
  secret: "kubernetes.io/secret",
  downwardAPI: "kubernetes.io/downward-api",
  projected: "kubernetes.io/projected",
} as const;

/** The kubelet's name of the plugin that makes a volume. */
export function pluginOf({ spec }: Pick<DesiredVolume, "spec">): string {
  const kind = (Object.keys(PLUGINS) as (keyof typeof PLUGINS)[]).find((key) => spec[key] !== undefined);
  return kind === undefined ? "kubernetes.io/other" : PLUGINS[kind];
}
