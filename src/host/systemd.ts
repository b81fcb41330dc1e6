import { execFile } from "node:child_process";
import type { Log } from "../base/log.ts";
import type { Supervisor, SupervisorNews } from "../ports.ts";

/** What systemd tells a service in its environment (sd_notify(3), sd_watchdog_enabled(3)). */
export type ServiceEnvironment = {
  readonly NOTIFY_SOCKET?: string | undefined;
  readonly WATCHDOG_USEC?: string | undefined;
  readonly WATCHDOG_PID?: string | undefined;
};

/** A run of systemd-notify(1), one at a time. @limit It is killed; systemd is not told, which is logged once. */
const LONGEST_RUN_MS = 10_000;
const PATH = "/usr/local/bin:/usr/bin:/bin";

/**
 * systemd as the agent's supervisor. Node.js has no unix datagram sockets, so that each message is a run of
 * systemd-notify(1), which speaks in the name of this process; one costs about 6 ms of a core. Undefined
 * without NOTIFY_SOCKET: nobody listens. The first failure is worth a warning, later ones are not.
 */
export function systemdSupervisor(
  environment: ServiceEnvironment,
  log: Log,
  pid: number = process.pid,
  program = "systemd-notify",
): Supervisor | undefined {
  const { NOTIFY_SOCKET: socket } = environment;
  if (socket === undefined || socket === "") return undefined;
  let told = "";
  let warned = false;
  // One message at a time, so that they arrive in the order in which they were said.
  let last: Promise<void> = Promise.resolve();

  const send = async (news: SupervisorNews): Promise<void> => {
    const words = [...VARIABLES[news.kind], ...(news.status === told ? [] : [`STATUS=${oneLine(news.status)}`])];
    told = news.status;
    const failure = await notify(program, words, socket);
    if (failure === undefined || warned) return;
    warned = true;
    log.warn("systemd cannot be told how berthd is", { failure });
  };
  const aliveWithinMs = watchdogMs(environment, pid);
  return {
    ...(aliveWithinMs === undefined ? {} : { aliveWithinMs }),
    tell(news) {
      last = last.then(() => send(news));
      return last;
    },
  };
}

const VARIABLES: Readonly<Record<SupervisorNews["kind"], readonly string[]>> = {
  ready: ["READY=1", "WATCHDOG=1"],
  alive: ["WATCHDOG=1"],
  reloading: ["RELOADING=1"],
  stopping: ["STOPPING=1"],
};

/** The watchdog's patience, when it is this process that it waits for. */
function watchdogMs({ WATCHDOG_USEC, WATCHDOG_PID }: ServiceEnvironment, pid: number): number | undefined {
  const microseconds = Number(WATCHDOG_USEC ?? "");
  if (!(microseconds > 0)) return undefined;
  if (WATCHDOG_PID !== undefined && Number(WATCHDOG_PID) !== pid) return undefined;
  return microseconds / 1000;
}

const oneLine = (words: string): string => words.replaceAll(/\s+/g, " ").trim();

/** Undefined when it went well, else why not. */
function notify(program: string, words: readonly string[], socket: string): Promise<string | undefined> {
  const options = { env: { PATH, NOTIFY_SOCKET: socket }, timeout: LONGEST_RUN_MS, killSignal: "SIGKILL" } as const;
  return new Promise((resolve) => {
    execFile(program, words, options, (error, _stdout, stderr) => {
      resolve(error === null ? undefined : stderr.trim() || error.message);
    });
  });
}
