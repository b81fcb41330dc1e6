import { humanDuration } from "../../pod/duration.ts";
import { parseTime } from "../../pod/time.ts";
import type * as v1 from "../../pod/v1.ts";
import type { Presentation } from "./output.ts";
import type { Colour } from "./terminal.ts";

/** How pods are shown: kubectl's columns (lifecycle.md 5.4). */
export function podPresentation(nowMs: number, withNamespace: boolean): Presentation<v1.Pod> {
  const namespace = withNamespace ? [{ heading: "NAMESPACE" }] : [];
  return {
    nameOf: (pod) => `pod/${pod.metadata?.name}`,
    columns: [
      ...namespace,
      { heading: "NAME" },
      { heading: "READY" },
      { heading: "STATUS" },
      { heading: "RESTARTS" },
      { heading: "AGE" },
      { heading: "IP", wide: true },
      { heading: "NODE", wide: true },
    ],
    cells: (pod) => {
      const { ready, status, restarts } = podCells(pod, nowMs);
      return [
        ...(withNamespace ? [pod.metadata?.namespace ?? ""] : []),
        pod.metadata?.name ?? "",
        ready,
        status,
        restarts,
        ageCell(pod.metadata?.creationTimestamp ?? pod.status?.startTime, nowMs),
        pod.status?.podIP || "<none>",
        pod.spec?.nodeName || "<none>",
      ];
    },
    colourOf: (cell, heading) => (heading === "STATUS" ? statusColour(cell) : undefined),
  };
}

/** How long ago, as kubectl says it. */
export function ageCell(time: string | undefined, nowMs: number): string {
  const sinceMs = time === undefined ? undefined : parseTime(time);
  return sinceMs === undefined ? "<unknown>" : humanDuration(nowMs - sinceMs);
}

/** Provisional until decide/columns.ts: READY and RESTARTS of app containers, phase or first waiting reason. */
function podCells(pod: v1.Pod, _nowMs: number): { ready: string; status: string; restarts: string } {
  const statuses = pod.status?.containerStatuses ?? [];
  const waiting = statuses.find((status) => status.state?.waiting !== undefined)?.state?.waiting?.reason;
  return {
    ready: `${statuses.filter((status) => status.ready).length}/${pod.spec?.containers.length ?? 0}`,
    status: pod.status?.reason ?? waiting ?? pod.status?.phase ?? "Unknown",
    restarts: String(statuses.reduce((sum, status) => sum + status.restartCount, 0)),
  };
}

const GOOD = ["Running", "Completed", "Succeeded"];
const ON_THE_WAY = /^(?:Pending|ContainerCreating|PodInitializing|Terminating|Init:\d+\/\d+|NotReady)$/;

function statusColour(status: string): Colour {
  if (GOOD.includes(status)) return "green";
  return ON_THE_WAY.test(status) ? "yellow" : "red";
}
