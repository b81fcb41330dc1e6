import { BerthError } from "../base/errors.ts";
import type * as v1 from "../pod/v1.ts";
import type { ProbeRequest, ProbeResult, Runtime } from "../ports.ts";
import { failureText } from "./failure.ts";
import { httpGet, httpUrl } from "./http.ts";
import { outputOf } from "./output.ts";
import { resolveHost, resolvePort } from "./target.ts";
import { tcpConnect } from "./tcp.ts";

const USER_AGENT = "kube-probe/1.36";

/** What a probe needs of its surroundings. */
export type ProbePorts = {
  readonly execSync: Runtime["execSync"];
  readonly nodeIp: string;
  /** grpc.health.v1 Check; loaded when first needed. Throws on any failure. */
  readonly grpcCheck: GrpcCheck;
};
export type GrpcCheck = (address: string, service: string, userAgent: string, signal: AbortSignal) => Promise<void>;

/** One attempt of a probe (6.2). A timeout is a failure; only what proves nothing is discarded (R4). */
export async function runProbe(ports: ProbePorts, request: ProbeRequest, signal: AbortSignal): Promise<ProbeResult> {
  const probe = request.container.spec[`${request.probe}Probe`];
  if (probe === undefined) return discarded(`there is no ${request.probe} probe`);
  if (probe.exec !== undefined) return probeExec(ports, request, probe.exec, probe, signal);
  if (probe.httpGet !== undefined) return probeHttp(ports, request, probe.httpGet, signal);
  if (probe.tcpSocket !== undefined) return probeTcp(ports, request, probe.tcpSocket, signal);
  if (probe.grpc !== undefined) return probeGrpc(ports, request, probe.grpc, signal);
  return discarded("the probe has no handler");
}

const success = (output: string): ProbeResult => ({ kind: "success", output });
const warning = (output: string): ProbeResult => ({ kind: "warning", output });
const failure = (output: string): ProbeResult => ({ kind: "failure", output });
const discarded = (output: string): ProbeResult => ({ kind: "discarded", output });

async function probeExec(
  ports: ProbePorts,
  request: ProbeRequest,
  exec: v1.ExecAction,
  probe: v1.Probe,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const command = request.command ?? exec.command ?? [];
  const timeoutSeconds = probe.timeoutSeconds ?? 1;
  try {
    const result = await ports.execSync(request.containerId, command, timeoutSeconds, signal);
    return result.exitCode === 0 ? success(outputOf(result)) : failure(outputOf(result));
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    // A runtime that cannot end a hanging command does not answer: the attempt's time is over all the same.
    const isLate = error.code === "RuntimeTimeout" || (error.code === "RuntimeCancelled" && signal.aborted);
    if (!isLate) return discarded(error.message);
    const joined = command.join(" ");
    return failure(`command timed out: ${JSON.stringify(joined)} timed out after ${timeoutSeconds}s`);
  }
}

async function probeHttp(
  ports: ProbePorts,
  request: ProbeRequest,
  get: v1.HTTPGetAction,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const port = resolvePort(get.port, request.container);
  if (port === undefined) return noPort(get.port);
  const host = resolveHost(get.host, request.pod, request.podIp, ports.nodeIp);
  const url = httpUrl(get, { host, port });
  try {
    const { status, body } = await httpGet(url, get.httpHeaders ?? [], USER_AGENT, signal);
    if (status >= 200 && status < 300) return success(body);
    if (status >= 300 && status < 400) return warning(`Probe terminated redirects, Response body: ${body}`);
    return failure(`HTTP probe failed with statuscode: ${status}`);
  } catch (error) {
    return failure(`Get ${JSON.stringify(url.href)}: ${attemptText(error, signal)}`);
  }
}

async function probeTcp(
  ports: ProbePorts,
  request: ProbeRequest,
  tcp: v1.TCPSocketAction,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const port = resolvePort(tcp.port, request.container);
  if (port === undefined) return noPort(tcp.port);
  const host = resolveHost(tcp.host, request.pod, request.podIp, ports.nodeIp);
  try {
    await tcpConnect({ host, port }, signal);
    return success("");
  } catch (error) {
    return failure(`dial tcp ${host}:${port}: ${attemptText(error, signal)}`);
  }
}

async function probeGrpc(
  ports: ProbePorts,
  request: ProbeRequest,
  grpc: v1.GRPCAction,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const host = request.pod.hostNetwork ? ports.nodeIp : request.podIp;
  const address = `${host.includes(":") ? `[${host}]` : host}:${grpc.port}`;
  try {
    await ports.grpcCheck(address, grpc.service ?? "", USER_AGENT, signal);
    return success("service healthy");
  } catch (error) {
    return failure(`${address}: ${attemptText(error, signal)}`);
  }
}

const noPort = (written: number | string): ProbeResult =>
  discarded(`no port ${JSON.stringify(written)} in this container`);

/** The signal carries the probe's own deadline, so that an abort means that the time is over. */
const attemptText = (error: unknown, signal: AbortSignal): string =>
  signal.aborted ? "the probe's time is over" : failureText(error);
