import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildDeb } from "../../../dev/package/deb.ts";
import { ownArchitecture, releaseFor } from "../../../dev/package/release.ts";
import { systemdFolder } from "../../../dev/systemd/base.ts";
import { networkListText } from "../../../src/cmd/doctor/repair-network.ts";
import { eventually } from "../../kit/eventually.ts";
import { bootHost, type InstalledHost } from "./installed.ts";

// One host, from its first package to the purge: each test goes on where the one before it ended.

const STATE = "/var/lib/berth";
const POD = `apiVersion: v1
kind: Pod
metadata: { name: house }
spec:
  terminationGracePeriodSeconds: 2
  containers:
    - name: app
      image: busybox:1.36
      command: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 0.2; done"]
      volumeMounts:
        - { name: memory, mountPath: /memory }
        - { name: host, mountPath: /data, subPath: keep }
        - { name: secret, mountPath: /secret, readOnly: true }
  volumes:
    - { name: memory, emptyDir: { medium: Memory, sizeLimit: 8Mi } }
    - { name: host, hostPath: { path: /srv/house, type: Directory } }
    - { name: secret, secret: { secretName: token } }
`;
const SECRET = `apiVersion: v1
kind: Secret
metadata: { name: token }
stringData: { token: hush }
`;

/** What a purge leaves of anything named after Berth: what people wrote. */
const LEFT = ["/etc/berth"];

let host: InstalledHost;

beforeAll(async () => {
  const release = await releaseFor(ownArchitecture());
  const folder = join(systemdFolder, "packages");
  const newer = { ...release, version: `${release.version}+newer` };
  const first = await buildDeb(release, { quick: true, folder });
  const second = await buildDeb(newer, { quick: true, folder });
  host = await bootHost("service");
  await host.bring(first, "/root/berth.deb");
  await host.bring(second, "/root/newer.deb");
  await host.bring(join(import.meta.dirname, "stop-loop.ts"), "/root/stop-loop.ts");
}, 300_000);

afterAll(async () => {
  await host?.destroy();
}, 120_000);

test("lintian finds no error in the package", { timeout: 300_000 }, async () => {
  const { stdout } = await host.run("lintian --allow-root --show-overrides /root/berth.deb");
  console.log(stdout);
  expect(stdout.split("\n").filter((line) => line.startsWith("E:"))).toEqual([]);
  expect(stdout.split("\n").filter((line) => line.startsWith("O:")).length).toBeLessThanOrEqual(5);
});

test("the package installs without Node.js on the host, and its service is active", async () => {
  expect((await host.run("command -v node nodejs")).stdout).toBe("");
  await host.must("dpkg -i /root/berth.deb");
  expect(await host.property("ActiveState")).toBe("active");
  expect(await host.must("systemctl is-enabled berthd")).toBe("enabled");
  expect(await host.must("berth version")).toContain("0.");
});

test("systemd calls the service safe enough, and it has no mount namespace of its own", async () => {
  const report = await host.must("systemd-analyze security --offline=true --no-pager berthd.service");
  console.log(report.split("\n").slice(-2).join("\n"));
  expect(Number(/exposure level for berthd\.service: ([\d.]+)/.exec(report)?.[1])).toBeLessThan(5);
  const pid = await host.property("MainPID");
  expect(await host.must(`readlink /proc/${pid}/ns/mnt`)).toBe(await host.must("readlink /proc/1/ns/mnt"));
});

test("a dropped manifest runs, with mounts that reach its container", async () => {
  await host.must("mkdir -p /srv/house/keep && echo precious >/srv/house/keep/data");
  await host.write("/etc/berth/manifests/token.yaml", SECRET);
  await host.write("/etc/berth/manifests/house.yaml", POD);
  await host.ready("house");
  expect(await host.inPod("house", 'grep " /memory " /proc/mounts')).toMatch(/^tmpfs .*size=8192k/);
  expect(await host.inPod("house", "cat /data/data")).toBe("precious");
  expect(await host.inPod("house", "cat /secret/token")).toBe("hush");
  await host.inPod("house", "echo kept >/memory/mark");
});

test("the groups of the two sockets say who operates, who looks, and who does neither", async () => {
  for (const [name, groups] of Object.entries({ opal: "berth", vera: "berth-view", nora: "" })) {
    await host.must(`useradd --groups '${groups}' ${name}`);
  }
  const by = (name: string, words: string) => host.run(`runuser -u ${name} -- berth ${words}`);
  expect(await by("opal", "exec house -- echo in")).toMatchObject({ code: 0, stdout: "in\n" });
  expect((await by("vera", "get pods")).stdout).toContain("Running");
  expect(await by("vera", "exec house -- echo in")).toMatchObject({ code: 1, stdout: "" });
  expect(await by("nora", "get pods")).toMatchObject({ code: 1, stdout: "" });
});

test("a restart of the service touches no container", async () => {
  const [before, pid] = [await host.tasks(), await host.property("MainPID")];
  await host.must("systemctl restart berthd");
  await host.begunAnew(pid);
  await untouched(before);
});

test("kill -9 touches no container, and the service comes back", async () => {
  const [before, pid] = [await host.tasks(), await host.property("MainPID")];
  await host.must(`kill -9 ${pid}`);
  await host.begunAnew(pid);
  await untouched(before);
});

test("reload takes a new configuration over, refuses a broken one, and touches no container", async () => {
  const [before, pid] = [await host.tasks(), await host.property("MainPID")];
  await host.write("/etc/berth/config.d/10-broken.conf", "kind: Nonsense\n");
  expect((await host.run("systemctl reload berthd")).code).not.toBe(0);
  await host.must("rm /etc/berth/config.d/10-broken.conf && systemctl reload berthd");
  expect(await host.property("MainPID")).toBe(pid);
  await untouched(before);
});

test("an upgrade begins the agent anew, keeps an edited configuration and touches no container", async () => {
  await host.must("echo '# mine' >>/etc/berth/config.yaml");
  const [before, pid] = [await host.tasks(), await host.property("MainPID")];
  await host.must("dpkg -i --force-confold /root/newer.deb");
  await host.begunAnew(pid);
  expect(await host.must("dpkg-query -W -f '$" + "{Version}' berth")).toContain("+newer");
  expect(await host.must("tail -n 1 /etc/berth/config.yaml")).toBe("# mine");
  await untouched(before);
});

describe("the watchdog", () => {
  beforeAll(async () => {
    const patience = "[Service]\nWatchdogSec=6s\nTimeoutAbortSec=2s\n";
    await host.write("/etc/systemd/system/berthd.service.d/impatient.conf", patience);
    await host.must("systemctl daemon-reload && systemctl restart berthd");
  });
  afterAll(() => host.must("rm -r /etc/systemd/system/berthd.service.d && systemctl daemon-reload"));

  test("catches an agent that hangs whole", async () => {
    const [before, pid] = [await host.tasks(), await host.property("MainPID")];
    await host.must(`kill -STOP ${pid}`);
    await host.begunAnew(pid);
    expect(await journalOf(pid)).toContain("Watchdog timeout");
    await untouched(before);
  });

  // Those that are noticed within minutes; the others: test/agent/watched-loops.test.ts
  test.each(["runtime health", "container logs", "node"])(
    "catches one that goes on but for its loop %s",
    async (loop) => {
      const [before, pid] = [await host.tasks(), await host.property("MainPID")];
      await host.must(`/usr/lib/berth/lib/node /root/stop-loop.ts ${pid} '${loop}'`);
      const begun = performance.now();
      await host.begunAnew(pid, 300_000);
      console.log(`${loop}: ${((performance.now() - begun) / 1000).toFixed(0)} s until another agent was there`);
      const lines = await journalOf(pid);
      expect(lines).toMatch(/no sign of life .*the loop/);
      expect(lines).toContain(`"${loop}\\" failed or hangs`);
      expect(lines).toContain("Watchdog timeout");
      await untouched(before);
    },
    400_000,
  );
});

test("a restart of containerd touches no container, and berthd works on with it", async () => {
  const [before, pid] = [await host.tasks(), await host.property("MainPID")];
  await host.must("systemctl restart containerd");
  await untouched(before);
  expect(await host.property("MainPID")).toBe(pid);
  await host.write("/etc/berth/manifests/later.yaml", POD.replace("name: house }", "name: later }"));
  await host.ready("later");
});

test("a reboot brings the pods back", async () => {
  await host.reboot();
  await eventually("active", async () => expect(await host.property("ActiveState")).toBe("active"), {
    withinMs: 60_000,
  });
  await host.ready("house", "later");
  expect(await host.inPod("house", "cat /data/data")).toBe("precious");
  expect((await host.run("berth exec house -- cat /memory/mark")).code, "memory does not survive").not.toBe(0);
});

test("removal ends the agent and leaves the pods", async () => {
  const before = await host.tasks();
  expect(before).toContain("RUNNING");
  await host.must("dpkg --remove berth");
  expect(await host.tasks()).toBe(before);
  expect((await host.run("command -v berthd berth")).stdout).toBe("");
  await host.must(`test -d ${STATE}/pods && test -e /etc/berth/manifests/house.yaml`);
});

test("purge refuses while a mount remains below the state directory", async () => {
  const place = await host.must(`findmnt -rn -o TARGET | grep '^${STATE}/.*volume-subpaths' | head -n 1`);
  expect(place).not.toBe("");
  await host.must(`systemd-run --unit=holder --property=WorkingDirectory=${place} sleep infinity`);
  const refused = await host.run("dpkg --purge berth");
  expect(refused.code, refused.stdout + refused.stderr).not.toBe(0);
  expect(refused.stderr).toContain("nothing was removed");
  expect(refused.stderr).toContain(place);
  await host.must(`test -d ${STATE}/pods && test -s /srv/house/keep/data`);
}, 400_000);

test("purge ends the pods, removes the state, and leaves what was only mounted there", async () => {
  await host.must("systemctl stop holder");
  // as berth doctor --fix does
  await host.must("echo net.ipv4.ip_forward=1 >/etc/sysctl.d/60-berth.conf");
  await host.write("/etc/cni/net.d/10-berth.conflist", networkListText("10.88.0.0/20"));
  await host.must("dpkg --purge berth");
  expect(await host.tasks()).toBe("");
  await host.must(`test ! -e ${STATE}`);
  expect((await host.run(`findmnt -rn -o TARGET | grep '^${STATE}'`)).stdout).toBe("");
  expect(await host.must("cat /srv/house/keep/data")).toBe("precious");
  await host.must("test -e /etc/berth/manifests/house.yaml");
  const left = await host.must(
    "find / /run /dev/shm -xdev -iname '*berth*' -not -path '/root/*' -not -path '/tmp/*' | sort",
  );
  expect(left.split("\n"), "the folder of the manifests").toEqual(LEFT);
}, 400_000);

/** What was logged since that process was the main one. */
const journalOf = async (pid: string): Promise<string> => {
  const lines = (await host.must("journalctl -u berthd --no-pager")).split("\n");
  return lines.slice(lines.findIndex((line) => line.includes(`berthd[${pid}]`))).join("\n");
};

/** The same tasks with the same processes, ready pods, and what they hold in memory. */
async function untouched(before: string): Promise<void> {
  await host.ready("house");
  expect(before).toContain("RUNNING");
  expect(await host.tasks()).toBe(before);
  expect(await host.inPod("house", "cat /memory/mark")).toBe("kept");
}
