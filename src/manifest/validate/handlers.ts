import { STOP_SIGNALS } from "../../pod/stop-signal.ts";
import type * as v1 from "../../pod/v1.ts";
import { type Faults, forbidden, invalid, NO_FAULTS, required, when } from "../fault.ts";
import type { Loose } from "../loose.ts";
import { checkNotNegative, checkText, checkWord } from "./check.ts";
import { headerName, portName, portNumber } from "./names.ts";

/** In the order in which the first one counts (D10, V25). */
export const HANDLER_KINDS = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"] as const;

type Handler = Loose<v1.Probe> & { sleep?: Loose<v1.SleepAction> | undefined };
export type ProbeKind = "livenessProbe" | "readinessProbe" | "startupProbe";

/** V25 to V31 for one probe; defaults are filled in. */
export function probeFaults(kind: ProbeKind, probe: Loose<v1.Probe>, path: string): Faults {
  const grace = probe.terminationGracePeriodSeconds;
  return [
    ...handlerFaults(probe, path, undefined),
    ...checkNotNegative(`${path}.initialDelaySeconds`, probe.initialDelaySeconds),
    ...checkNotNegative(`${path}.timeoutSeconds`, probe.timeoutSeconds),
    ...checkNotNegative(`${path}.periodSeconds`, probe.periodSeconds),
    ...checkNotNegative(`${path}.successThreshold`, probe.successThreshold),
    ...checkNotNegative(`${path}.failureThreshold`, probe.failureThreshold),
    ...when(kind !== "readinessProbe" && (probe.successThreshold ?? 1) > 1, () =>
      invalid(`${path}.successThreshold`, probe.successThreshold ?? 1, "must be 1", "write 1, or remove it"),
    ),
    ...when(grace !== undefined && kind === "readinessProbe", () =>
      forbidden(`${path}.terminationGracePeriodSeconds`, "must not be set for readinessProbes"),
    ),
    ...when(grace !== undefined && kind !== "readinessProbe" && grace <= 0, () =>
      invalid(`${path}.terminationGracePeriodSeconds`, grace ?? 0, "must be greater than 0"),
    ),
  ];
}

/** V25 to V28 for the hooks of a container, V37 for the signal that ends it. */
export function lifecycleFaults(
  lifecycle: Loose<v1.Lifecycle>,
  path: string,
  pod: { readonly graceSeconds: number; readonly os: string | undefined },
): Faults {
  const { postStart, preStop, stopSignal } = lifecycle;
  const at = `${path}.stopSignal`;
  return [
    ...(postStart ? handlerFaults(postStart, `${path}.postStart`, pod.graceSeconds) : NO_FAULTS),
    ...(preStop ? handlerFaults(preStop, `${path}.preStop`, pod.graceSeconds) : NO_FAULTS),
    ...when(stopSignal !== undefined && !pod.os, () =>
      forbidden(at, "may not be set for containers with empty `spec.os.name`", "write spec.os.name: linux"),
    ),
    ...(pod.os ? checkWord(at, stopSignal, STOP_SIGNALS) : NO_FAULTS),
  ];
}

/** The one handler of a probe or hook; `graceSeconds` is that of the pod for hooks, absent for probes. */
function handlerFaults(handler: Handler, path: string, graceSeconds: number | undefined): Faults {
  if (handler.exec) {
    const command = handler.exec.command ?? [];
    return when(command.length === 0, () => required(`${path}.exec.command`));
  }
  if (handler.httpGet) return httpFaults(handler.httpGet, `${path}.httpGet`);
  if (handler.tcpSocket) return portFaults(handler.tcpSocket.port, `${path}.tcpSocket.port`);
  if (handler.grpc) {
    const port = handler.grpc.port ?? 0;
    return portNumber(port).map((detail) => invalid(`${path}.grpc.port`, port, detail));
  }
  if (handler.sleep) return sleepFaults(handler.sleep.seconds ?? 0, `${path}.sleep`, graceSeconds ?? 0);
  return [required(path, "must specify a handler type", "add exec, httpGet, tcpSocket or grpc")];
}

function httpFaults(action: Loose<v1.HTTPGetAction>, path: string): Faults {
  return [
    ...when(!action.path, () => required(`${path}.path`)),
    ...portFaults(action.port, `${path}.port`),
    ...checkWord(`${path}.scheme`, action.scheme, ["HTTP", "HTTPS"]),
    ...(action.httpHeaders ?? []).flatMap((header, at) =>
      checkText(`${path}.httpHeaders[${at}].name`, header.name ?? "", headerName),
    ),
  ];
}

/** A number, or a name that need not exist yet (V26). */
function portFaults(port: string | number | undefined, path: string): Faults {
  if (port === undefined) return [required(path)];
  const details = typeof port === "number" ? portNumber(port) : portName(port);
  return details.map((detail) => invalid(path, port, detail));
}

const sleepFaults = (seconds: number, path: string, graceSeconds: number): Faults =>
  when(seconds < 0 || seconds > graceSeconds, () =>
    invalid(
      path,
      seconds,
      `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`,
      "make it shorter, or terminationGracePeriodSeconds longer",
    ),
  );
