import { podColumns } from "../../decide/columns.ts";
import { humanDuration } from "../../pod/duration.ts";
import { parseTime } from "../../pod/time.ts";
import type * as v1 from "../../pod/v1.ts";
import type { Presentation } from "./output.ts";
import type { Colour } from "./terminal.ts";

/** How pods are shown: kubectl's columns (lifecycle.md 5.4). */
export function podPresentation(nowMs: number, withNamespace: boolean, withLabels: boolean): Presentation<v1.Pod> {
  return {
    nameOf: (pod) => `pod/${pod.metadata?.name}`,
    columns: [
      ...(withNamespace ? [{ heading: "NAMESPACE" }] : []),
      { heading: "NAME" },
      { heading: "READY" },
      { heading: "STATUS" },
      { heading: "RESTARTS" },
      { heading: "AGE" },
      { heading: "IP", wide: true },
      { heading: "NODE", wide: true },
      { heading: "NOMINATED NODE", wide: true },
      { heading: "READINESS GATES", wide: true },
      ...(withLabels ? [{ heading: "LABELS" }] : []),
    ],
    cells: (pod) => {
      const columns = podColumns(pod, nowMs);
      const { name, ready, status, restarts, age, ip, node, nominatedNode, readinessGates } = columns;
      const namespace = withNamespace ? [pod.metadata?.namespace ?? ""] : [];
      const labels = withLabels ? [labelsCell(pod.metadata?.labels)] : [];
      return [...namespace, name, ready, status, restarts, age, ip, node, nominatedNode, readinessGates, ...labels];
    },
    colourOf: (cell, heading) => (heading === "STATUS" ? statusColour(cell) : undefined),
  };
}

function labelsCell(labels: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return pairs.length === 0 ? "<none>" : pairs.sort().join(",");
}

/** How long ago, as kubectl says it. */
export function ageCell(time: string | undefined, nowMs: number): string {
  const sinceMs = time === undefined ? undefined : parseTime(time);
  return sinceMs === undefined ? "<unknown>" : humanDuration(nowMs - sinceMs);
}

const GOOD = ["Running", "Completed", "Succeeded"];
const ON_THE_WAY = /^(?:Pending|ContainerCreating|PodInitializing|Terminating|Init:\d+\/\d+|NotReady)$/;

function statusColour(status: string): Colour {
  if (GOOD.includes(status)) return "green";
  return ON_THE_WAY.test(status) ? "yellow" : "red";
}
