import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildDeb } from "../../../dev/package/deb.ts";
import { ownArchitecture, releaseFor } from "../../../dev/package/release.ts";
import { systemdFolder } from "../../../dev/systemd/base.ts";
import { eventually } from "../../kit/eventually.ts";
import { bootHost, type InstalledHost } from "./installed.ts";

// A host that shuts down waits for its pods (node.md 5.4): the real systemd-logind holds the lock and gives the word.

const USUAL_SECONDS = 5;
const CRITICAL_SECONDS = 4;
const CONFIG = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
shutdownGracePeriod: ${USUAL_SECONDS + CRITICAL_SECONDS}s
shutdownGracePeriodCriticalPods: ${CRITICAL_SECONDS}s
`;
const CRITICAL = 2_000_000_000;
const MIDDLE = 1000;
const GROUPS = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
shutdownGracePeriodByPodPriority:
  - { priority: 0, shutdownGracePeriodSeconds: 2 }
  - { priority: ${MIDDLE}, shutdownGracePeriodSeconds: 4 }
  - { priority: ${CRITICAL}, shutdownGracePeriodSeconds: 3 }
`;
/** Longer than any turn: a pod has what its group is given. */
const GRACE_SECONDS = 20;

/** Notes in a file of the host what it does and when. */
const pod = (name: string, priority: number, script: string): string => `apiVersion: v1
kind: Pod
metadata: { name: ${name} }
spec:
  priority: ${priority}
  terminationGracePeriodSeconds: ${GRACE_SECONDS}
  containers:
    - name: app
      image: busybox:1.36
      command: [sh, -c, "note() { echo ${name} $1 $(cut -d. -f1 /proc/uptime) >>/diary/lines; sync; }; ${script}"]
      volumeMounts: [{ name: diary, mountPath: /diary }]
  volumes: [{ name: diary, hostPath: { path: /srv/diary, type: DirectoryOrCreate } }]
`;
const DEAF = "trap 'note told' TERM; while :; do note alive; sleep 0.5; done";
const PODS: Readonly<Record<string, string>> = {
  polite: pod("polite", 0, "trap 'note told; sleep 2; note done; exit 0' TERM; while :; do sleep 0.1; done"),
  deaf: pod("deaf", 0, DEAF),
  critical: pod("critical", CRITICAL, "trap 'note told; note done; exit 0' TERM; while :; do sleep 0.1; done"),
};

let host: InstalledHost;

beforeAll(async () => {
  const release = await releaseFor(ownArchitecture());
  const deb = await buildDeb(release, { quick: true, folder: join(systemdFolder, "packages") });
  host = await bootHost("shutdown");
  await host.bring(deb, "/root/berth.deb");
  await host.write("/etc/berth/config.d/10-shutdown.conf", CONFIG);
  await host.must("dpkg -i /root/berth.deb");
  for (const [name, text] of Object.entries(PODS)) await host.write(`/etc/berth/manifests/${name}.yaml`, text);
  await host.ready(...Object.keys(PODS));
}, 300_000);

afterAll(async () => {
  await host?.destroy();
}, 120_000);

/** For bash, since the host has no other program that speaks HTTP. */
const GET_METRICS = String.raw`exec 3<>/dev/tcp/127.0.0.1/10248
printf "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" >&3; cat <&3`;

/** Who delays the shutdown in berthd's name, one line each. */
const locks = async (): Promise<string[]> =>
  (await host.must("systemd-inhibit --list --no-legend --no-pager"))
    .split("\n")
    .filter((line) => line.startsWith("berthd"));

const oneLock = (when: string) =>
  eventually(
    `one lock ${when}`,
    async () => {
      const held = await locks();
      expect(held).toHaveLength(1);
      expect(held[0]).toMatch(/ shutdown .* delay/);
    },
    { withinMs: 30_000, everyMs: 300 },
    host.log,
  );

/** How long logind lets a shutdown be delayed. */
const grantedSeconds = async (): Promise<number> => {
  const manager = "org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager";
  const [, microseconds] = (await host.must(`busctl get-property ${manager} InhibitDelayMaxUSec`)).split(" ");
  return Number(microseconds) / 1e6;
};

test("logind lists one lock, and grants as long as the pods are promised", async () => {
  await oneLock("of the agent");
  expect(await grantedSeconds()).toBe(USUAL_SECONDS + CRITICAL_SECONDS);
});

test("an agent that leaves or is killed takes its lock along, and the next one has its own", async () => {
  for (const end of ["systemctl restart berthd", "kill -9 $(systemctl show -P MainPID berthd)"]) {
    const pid = await host.property("MainPID");
    await host.must(end);
    await host.begunAnew(pid);
    await oneLock(`after ${end}`);
  }
  await host.must("systemctl stop berthd");
  expect(await locks()).toEqual([]);
  await host.must("systemctl start berthd");
  await oneLock("after the start");
});

/** Goes down and up. Answers with the second in which a pod has last noted a word; NaN: it never has. */
async function downAndUp(): Promise<(name: string, what: string) => number> {
  await host.must("rm -f /srv/diary/lines");
  await host.powerOff();
  await host.boot();
  const lines = (await host.must("cat /srv/diary/lines")).split("\n").map((line) => line.split(" "));
  console.log(lines.filter(([, what]) => what !== "alive").map((line) => line.join(" ")));
  return (name, what) => {
    const seconds = lines.findLast(([one, word]) => one === name && word === what)?.[2];
    return seconds === undefined ? Number.NaN : Number(seconds);
  };
}

test("a host that goes down first ends its pods, by priority, each with its grace", async () => {
  await host.ready(...Object.keys(PODS));
  const at = await downAndUp();
  expect(at("polite", "done") - at("polite", "told"), "it was given its time").toBeGreaterThanOrEqual(2);
  const deafSeconds = at("deaf", "alive") - at("deaf", "told");
  expect(deafSeconds, "who does not listen has its group's time").toBeGreaterThanOrEqual(USUAL_SECONDS - 2);
  expect(deafSeconds, "and no more").toBeLessThanOrEqual(USUAL_SECONDS + 3);
  expect(at("critical", "told"), "critical pods end last").toBeGreaterThanOrEqual(at("deaf", "alive") - 1);
  expect(at("critical", "done"), "and are waited for").toBeGreaterThanOrEqual(at("critical", "told"));
});

test("after the boot the pods run again, and events and metrics tell of the shutdown", async () => {
  await eventually("active", async () => expect(await host.property("ActiveState")).toBe("active"), {
    withinMs: 60_000,
  });
  await host.ready(...Object.keys(PODS));
  await oneLock("after the boot");
  expect(await host.must("berth get events -A")).toMatch(/Shutdown .*Shutdown manager detected shutdown event/);
  const metrics = await host.must(`bash -c '${GET_METRICS}'`);
  const value = (which: string): number =>
    Number(new RegExp(`^kubelet_graceful_shutdown_${which}_time_seconds (\\S+)$`, "m").exec(metrics)?.[1]);
  const tookSeconds = value("end") - value("start");
  expect(tookSeconds).toBeGreaterThanOrEqual(USUAL_SECONDS - 1);
  expect(tookSeconds).toBeLessThanOrEqual(USUAL_SECONDS + CRITICAL_SECONDS + 1);
});

test("groups of one's own have their turns by priority, each as long as it was given", async () => {
  await host.write("/etc/berth/config.d/10-shutdown.conf", GROUPS);
  await host.must("systemctl reload berthd");
  await host.write("/etc/berth/manifests/middle.yaml", pod("middle", MIDDLE, DEAF));
  await host.ready("middle");
  await oneLock("of the agent with the new groups");
  const at = await downAndUp();
  const seconds = (name: string): number => at(name, "alive") - at(name, "told");
  for (const [name, given] of Object.entries({ deaf: 2, middle: 4 })) {
    expect(seconds(name), name).toBeGreaterThanOrEqual(given - 1);
    expect(seconds(name), name).toBeLessThanOrEqual(given + 3);
  }
  expect(at("middle", "told")).toBeGreaterThanOrEqual(at("deaf", "alive") - 1);
  expect(at("critical", "told")).toBeGreaterThanOrEqual(at("middle", "alive") - 1);
  expect(at("critical", "done")).toBeGreaterThanOrEqual(at("critical", "told"));
  await host.ready(...Object.keys(PODS), "middle");
});

test("a host without Berth is delayed as before", async () => {
  await host.must("dpkg --purge berth");
  expect((await host.run("ls /etc/systemd/logind.conf.d")).stdout).toBe("");
  await eventually("logind has read its files", async () => expect(await grantedSeconds()).toBe(5));
}, 400_000);
