import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import { type LogindMeans, logindDelay } from "../../src/host/logind.ts";

/**
 * Stand-ins for busctl(1) and systemd-inhibit(1). Properties are files; the monitor prints what is written to a pipe; the
 * lock is held as long as the file `held` is there.
 */
const BUSCTL = `#!/bin/sh
cd "$(dirname "$0")"
case "$*" in
  *get-property*) name=; for name; do :; done; cat "$name" || { echo "no $name" >&2; exit 1; } ;;
  *monitor*) echo "Monitoring bus message stream." >&2; exec cat signals ;;
  *KillUnit*) [ -f deaf ] || sed -n 's/InhibitDelayMaxSec=\\(.*\\)/{"type":"t","data":\\1000000}/p' drop/in.conf >InhibitDelayMaxUSec ;;
esac
`;
const INHIBIT = `#!/bin/sh
cd "$(dirname "$0")"
[ -f refuse ] && { echo "Access denied" >&2; exit 1; }
echo $$ >held
trap 'rm -f held' EXIT
trap exit TERM
while [ "$1" != sh ]; do shift; done
"$@"
`;

let folder: string;
let means: LogindMeans;
const leaving = { signal: new AbortController().signal };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-logind-"));
  means = { busctl: join(folder, "busctl"), inhibit: join(folder, "inhibit"), dropIn: join(folder, "drop/in.conf") };
  await writeFile(means.busctl, BUSCTL);
  await writeFile(means.inhibit, INHIBIT);
  for (const program of [means.busctl, means.inhibit]) await chmod(program, 0o755);
  await put("InhibitDelayMaxUSec", '{"type":"t","data":5000000}');
  await put("PreparingForShutdown", '{"type":"b","data":false}');
  await makePipe(join(folder, "signals"));
});
afterEach(() => rm(folder, { recursive: true }));

const put = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);
const held = (): Promise<boolean> =>
  readFile(join(folder, "held")).then(
    () => true,
    () => false,
  );
async function until(what: () => Promise<boolean>): Promise<void> {
  while (!(await what())) await sleep(10);
}
const say = (preparing: boolean): Promise<void> =>
  put(
    "signals",
    `${JSON.stringify({ type: "signal", member: "PrepareForShutdown", payload: { type: "b", data: [preparing] } })}\n`,
  );

async function makePipe(path: string): Promise<void> {
  const { execFile } = await import("node:child_process");
  await new Promise<void>((resolve, reject) => {
    execFile("mkfifo", [path], (error) => (error === null ? resolve() : reject(error)));
  });
}

it("asks for a longer delay, holds the lock, hears of the shutdown and lets go", async () => {
  const lock = await logindDelay(silentLog, means).take(30_000, leaving.signal);
  expect(lock.grantedMs).toBe(30_000);
  expect(await readFile(means.dropIn, "utf8")).toContain("[Login]\nInhibitDelayMaxSec=30\n");
  expect(await held()).toBe(true);
  const words = lock.preparing(leaving.signal)[Symbol.asyncIterator]();
  expect(await words.next()).toEqual({ done: false, value: false });
  const next = words.next();
  await say(true);
  expect(await next).toEqual({ done: false, value: true });
  lock.release();
  await until(async () => !(await held()));
  lock.close();
  expect(await words.next()).toMatchObject({ done: true });
});

it("leaves alone what is granted already, and tells what cannot be changed", async () => {
  const enough = await logindDelay(silentLog, means).take(5000, leaving.signal);
  expect(enough.grantedMs).toBe(5000);
  await expect(readFile(means.dropIn)).rejects.toThrow(/ENOENT/);
  enough.close();
  const stuck = await logindDelay(silentLog, { ...means, dropIn: "/dev/null/in.conf" }).take(9000, leaving.signal);
  expect(stuck.grantedMs).toBe(5000);
  stuck.close();
});

it("begins with a shutdown that is under way", async () => {
  await put("PreparingForShutdown", '{"type":"b","data":true}');
  const lock = await logindDelay(silentLog, means).take(1000, leaving.signal);
  const words = lock.preparing(leaving.signal)[Symbol.asyncIterator]();
  expect(await words.next()).toEqual({ done: false, value: true });
  lock.close();
});

it("ends when the lock is lost, and when it is told to", async () => {
  const delay = logindDelay(silentLog, means);
  const lost = await delay.take(1000, leaving.signal);
  const words = lost.preparing(leaving.signal)[Symbol.asyncIterator]();
  await words.next();
  process.kill(Number(await readFile(join(folder, "held"), "utf8")), "SIGKILL");
  expect(await words.next()).toMatchObject({ done: true });
  lost.close();
  const told = new AbortController();
  const given = await delay.take(1000, leaving.signal);
  const more = given.preparing(told.signal)[Symbol.asyncIterator]();
  await more.next();
  const last = more.next();
  told.abort();
  expect(await last).toMatchObject({ done: true });
  given.close();
});

it("is refused where logind is missing or does not want to", async () => {
  const absent = logindDelay(silentLog, { ...means, busctl: join(folder, "absent") });
  await expect(absent.take(1000, leaving.signal)).rejects.toMatchObject({ code: "HostRefused" });
  await put("refuse", "");
  await expect(logindDelay(silentLog, means).take(1000, leaving.signal)).rejects.toThrow(/Access denied/);
});
