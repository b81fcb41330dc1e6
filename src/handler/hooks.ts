import { BerthError } from "../base/errors.ts";
import { podId } from "../pod/desired.ts";
import type * as v1 from "../pod/v1.ts";
import type { HookRequest, Runtime } from "../ports.ts";
import { failureText } from "./failure.ts";
import { httpGet, httpUrl } from "./http.ts";
import { outputOf } from "./output.ts";
import { bracketed, resolveHost, resolvePort } from "./target.ts";

const USER_AGENT = "kube-lifecycle/1.36";

/** What a hook needs of its surroundings. */
export type HookPorts = {
  readonly execSync: Runtime["execSync"];
  readonly nodeIp: string;
  sleep(delayMs: number, signal: AbortSignal): Promise<unknown>;
};

/** Runs one hook to its end. Empty on success, else the text after which H3 has put the hook's name and place. */
export async function runHook(ports: HookPorts, request: HookRequest, signal: AbortSignal): Promise<string> {
  const handler = request.container.spec.lifecycle?.[request.hook];
  if (handler === undefined) return "";
  // The order of precedence among several handlers (V25).
  if (handler.exec !== undefined) return runExec(ports, request, handler.exec, signal);
  if (handler.httpGet !== undefined) return runHttp(ports, request, handler.httpGet, signal);
  if (handler.tcpSocket !== undefined) return hookFailure(request, "TCP", "", "tcpSocket cannot be run as a hook"); // H6
  if (handler.sleep !== undefined) {
    await ports.sleep(handler.sleep.seconds * 1_000, signal);
    return signal.aborted
      ? hookFailure(request, "Sleep", String(handler.sleep.seconds), "the sleep was cut short")
      : "";
  }
  return hookFailure(request, "Exec", "", "no handler is given");
}

/** H4: the command as written, without a time limit. */
async function runExec(
  ports: HookPorts,
  request: HookRequest,
  exec: v1.ExecAction,
  signal: AbortSignal,
): Promise<string> {
  const command = exec.command ?? [];
  try {
    const result = await ports.execSync(request.containerId, command, 0, signal);
    if (result.exitCode === 0) return "";
    const output = outputOf(result);
    const error = `command '${command.join(" ")}' exited with ${result.exitCode}: ${output}`;
    return hookFailure(request, "Exec", `[${command.join(" ")}]`, error, output);
  } catch (error) {
    if (error instanceof BerthError) return hookFailure(request, "Exec", `[${command.join(" ")}]`, error.message);
    throw error;
  }
}

/** H5: any answer is success; HTTPS that is answered in plain HTTP is asked again that way, without Authorization. */
async function runHttp(
  ports: HookPorts,
  request: HookRequest,
  get: v1.HTTPGetAction,
  signal: AbortSignal,
): Promise<string> {
  const host = resolveHost(get.host, request.pod, request.podIp, ports.nodeIp);
  const port = resolvePort(get.port, request.container);
  const path = get.path ?? "/";
  if (port === undefined)
    return hookFailure(request, "HTTP", path, `no port ${JSON.stringify(get.port)} in this container`);
  const url = httpUrl(get, { host, port });
  const headers = get.httpHeaders ?? [];
  try {
    await httpGet(url, headers, USER_AGENT, signal);
    return "";
  } catch (error) {
    if (!isPlainAnswer(error, url)) return hookFailure(request, "HTTP", path, failureText(error));
  }
  url.protocol = "http:";
  const open = headers.filter((header) => header.name.toLowerCase() !== "authorization");
  try {
    await httpGet(url, open, USER_AGENT, signal);
    request.onFallback(`${bracketed(host)}:${port}`);
    return "";
  } catch (error) {
    return hookFailure(request, "HTTP", path, failureText(error));
  }
}

/** OpenSSL's word for a plain answer to a TLS greeting; its code is only EPROTO. */
function isPlainAnswer(error: unknown, url: URL): boolean {
  return url.protocol === "https:" && /wrong version number|packet length too long/.test(failureText(error));
}

/** H3. */
function hookFailure(request: HookRequest, kind: string, what: string, error: string, output?: string): string {
  const { pod, container } = request;
  const message = output === undefined || output === "" ? "" : `, message: ${JSON.stringify(output)}`;
  return `${kind} lifecycle hook (${what}) for Container "${container.name}" in Pod "${podId(pod)}" failed - error: ${error}${message}`;
}
