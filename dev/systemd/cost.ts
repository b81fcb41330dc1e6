// What the installed service costs: a booted Debian with the package, PODS (50) small pods, MINUTES (10) of watching at rest.
// Needs root and a quiet machine. Prints one line a minute and the whole at the end.
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildDeb } from "../package/deb.ts";
import { ownArchitecture, releaseFor } from "../package/release.ts";
import { fail, messageOf, say } from "../say.ts";
import { systemdFolder } from "./base.ts";
import { bootBerthHost, put } from "./berth-host.ts";
import type { Machine } from "./machine.ts";

const PODS = Number(process.env.PODS || 50);
const MINUTES = Number(process.env.MINUTES || 10);
/** What a start leaves behind is not the cost of rest. */
const SETTLE_MS = 30_000;
const MIB = 1024;

type Reading = { readonly residentMib: number; readonly ownMib: number; readonly cpuSeconds: number };

/** What the kernel says of a process: memory, and CPU with that of the children it waited for (systemd-notify). */
async function read(machine: Machine, pid: string): Promise<Reading> {
  const status = await machine.must(`cat /proc/${pid}/status`);
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
  const stat = await machine.must(`cat /proc/${pid}/stat`);
  // After the name in brackets: utime, stime, cutime, cstime are fields 14 to 17, in ticks of a hundredth of a second.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { residentMib: kib("VmRSS") / MIB, ownMib: kib("RssAnon") / MIB, cpuSeconds: ticks / 100 };
}

const pod = (name: string): string => `apiVersion: v1
kind: Pod
metadata: { name: ${name} }
spec:
  terminationGracePeriodSeconds: 1
  containers: [{ name: app, image: "busybox:1.36", command: [sleep, infinity] }]
`;

async function measure(machine: Machine): Promise<void> {
  const deb = await buildDeb(await releaseFor(ownArchitecture()), {
    quick: true,
    folder: join(systemdFolder, "packages"),
  });
  await copyFile(deb, join(machine.root, "root/berth.deb"));
  await machine.must("dpkg -i /root/berth.deb");
  const names = Array.from({ length: PODS }, (_, index) => `rest-${index}`);
  for (const name of names) await put(machine, `/etc/berth/manifests/${name}.yaml`, pod(name));
  await machine.must(`berth wait ${names.join(" ")} --for=condition=Ready --timeout=300s`);
  say(`${PODS} pods are ready`);
  await sleep(SETTLE_MS);
  const pid = await machine.must("systemctl show -P MainPID berthd");
  const first = await read(machine, pid);
  let [last, most] = [first, first.residentMib];
  for (let minute = 1; minute <= MINUTES; minute += 1) {
    await sleep(60_000);
    const now = await read(machine, pid);
    most = Math.max(most, now.residentMib);
    const percent = ((now.cpuSeconds - last.cpuSeconds) / 60) * 100;
    console.log(`minute ${minute}: ${now.residentMib.toFixed(1)} MiB resident, ${percent.toFixed(2)} % of a core`);
    last = now;
  }
  const percent = ((last.cpuSeconds - first.cpuSeconds) / (MINUTES * 60)) * 100;
  const memory = `${last.residentMib.toFixed(1)} MiB resident (${last.ownMib.toFixed(1)} own, at most ${most.toFixed(1)})`;
  console.log(
    `the installed service with ${PODS} pods over ${MINUTES} minutes: ${memory}, ${percent.toFixed(2)} % of a core`,
  );
}

const machine = await bootBerthHost("cost");
try {
  await measure(machine);
} catch (thrown) {
  process.exitCode = 1;
  console.error(messageOf(thrown));
} finally {
  await machine.destroy();
}
if (process.exitCode === 1) fail("not measured");
