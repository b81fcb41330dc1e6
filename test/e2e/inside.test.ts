import { createSocket } from "node:dgram";
import { readlink } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../dev/agent/free-port.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { type Host, openHost } from "../kit/host.ts";
import { inside } from "../kit/inside.ts";
import { container, IMAGE, pod, sh } from "../kit/sample-pods.ts";

// What containers are like from inside, for the groups of fields of which no other file here shows it (docs/pod-fields.md):
// users and rights, namespaces and sysctls, resources, names and their files, volumes, messages, ports, image volumes. All
// pods come at once, so that ten cost little more time than one.

let host: Host;
let udpPort: number;
let ofHost: Readonly<Record<string, string>>;

const NAMESPACES = ["pid", "ipc", "net", "uts", "user"];
const hardened: v1.SecurityContext = {
  ...{ runAsUser: 1000, runAsGroup: 3000, runAsNonRoot: true, readOnlyRootFilesystem: true },
  ...{ allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] } },
  seccompProfile: { type: "RuntimeDefault" },
};

const rights = (): v1.Pod =>
  pod("rights", {
    securityContext: { supplementalGroups: [4000], fsGroup: 5000 },
    volumes: [{ name: "v", emptyDir: {} }],
    containers: [
      container("hard", { securityContext: hardened, volumeMounts: [{ name: "v", mountPath: "/v" }] }),
      container("plain", { securityContext: { seccompProfile: { type: "Unconfined" } } }),
      container("mighty", { securityContext: { privileged: true } }),
    ],
  });

const shared = (): v1.Pod =>
  pod("shared", {
    shareProcessNamespace: true,
    securityContext: {
      sysctls: [
        { name: "net.ipv4.ip_local_port_range", value: "10000 10100" },
        { name: "kernel.msgmax", value: "4096" },
      ],
    },
    containers: [container("main"), container("other", { command: ["sleep", "31337"] })],
  });

const onHost = (): v1.Pod => pod("onhost", { hostPID: true, hostIPC: true, hostNetwork: true });

const own = (): v1.Pod => pod("own", { hostUsers: false });

const bounded = (): v1.Pod =>
  pod("bounded", {
    containers: [
      container("main", {
        resources: { requests: { cpu: "250m", memory: "32Mi" }, limits: { cpu: "500m", memory: "64Mi" } },
        env: [
          { name: "LIMIT", valueFrom: { resourceFieldRef: { resource: "limits.memory", divisor: "1Mi" } } },
          { name: "NODE", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
          { name: "BOTH", value: "$(NODE)-$(LIMIT)-$$(NODE)" },
        ],
      }),
    ],
  });

const volumes = (): v1.Pod =>
  pod(
    "volumes",
    {
      volumes: [
        { name: "work", emptyDir: {} },
        {
          name: "about",
          downwardAPI: {
            defaultMode: 0o440,
            items: [
              { path: "labels", fieldRef: { fieldPath: "metadata.labels" } },
              { path: "cpu", resourceFieldRef: { containerName: "main", resource: "limits.cpu", divisor: "1m" } },
            ],
          },
        },
      ],
      initContainers: [
        container("before", {
          command: sh("mkdir -p /w/sub; echo one > /w/sub/file; printf \"COLOUR='blue'\\n\" > /w/env"),
          volumeMounts: [{ name: "work", mountPath: "/w" }],
        }),
      ],
      containers: [
        container("main", {
          resources: { limits: { cpu: "300m" } },
          env: [
            { name: "WHERE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
            { name: "COLOUR", valueFrom: { fileKeyRef: { volumeName: "work", path: "env", key: "COLOUR" } } },
          ],
          volumeMounts: [
            { name: "work", mountPath: "/part", subPath: "sub" },
            { name: "work", mountPath: "/named", subPathExpr: "of-$(WHERE)" },
            { name: "work", mountPath: "/still", readOnly: true },
            { name: "about", mountPath: "/about" },
          ],
        }),
      ],
    },
    { labels: { tier: "back", app: "inside" } },
  );

const messages = (): v1.Pod =>
  pod("messages", {
    restartPolicy: "Never",
    containers: [
      container("writes", { command: sh("printf why > /tmp/last; exit 3"), terminationMessagePath: "/tmp/last" }),
      container("logs", {
        command: sh("echo the last words; exit 4"),
        terminationMessagePolicy: "FallbackToLogsOnError",
      }),
      container("silent", { command: sh("echo not these; exit 0"), terminationMessagePolicy: "FallbackToLogsOnError" }),
    ],
  });

const ported = (): v1.Pod =>
  pod("ported", {
    containers: [container("main", { ports: [{ containerPort: 9000, hostPort: udpPort, protocol: "UDP" }] })],
  });

const imaged = (): v1.Pod =>
  pod("imaged", {
    volumes: [{ name: "i", image: { reference: IMAGE, pullPolicy: "IfNotPresent" } }],
    containers: [container("main", { volumeMounts: [{ name: "i", mountPath: "/i" }] })],
  });

beforeAll(async () => {
  udpPort = await freePort();
  host = await openHost({ kubelet: { allowedUnsafeSysctls: ["kernel.msg*"] } });
  const items = [rights(), shared(), onHost(), own(), bounded(), volumes(), messages(), ported(), imaged()];
  await host.manifests.drop("inside.yaml", { apiVersion: "v1", kind: "List", items });
  const links = NAMESPACES.map(async (name) => [name, await readlink(`/proc/self/ns/${name}`)] as const);
  ofHost = Object.fromEntries(await Promise.all(links));
});

afterAll(() => host?.close());

const STATUS = "grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status | tr '\\t' ' '";

describe("users and rights, from inside", () => {
  it("securityContext of a hardened container: ids, groups, capabilities, seccomp, read-only root, fsGroup", async () => {
    expect(await inside(host, "rights", "id -u; id -g; id -G | tr ' ' '\\n' | sort -n | tr '\\n' ' '", "hard")).toBe(
      "1000\n3000\n3000 4000 5000",
    );
    // Bit 10 is NET_BIND_SERVICE; who is not root has none in effect.
    expect(await inside(host, "rights", STATUS, "hard")).toMatch(
      /CapEff: 0+\nCapBnd: 0000000000000400\nNoNewPrivs: 1\nSeccomp: 2$/,
    );
    expect(
      await inside(
        host,
        "rights",
        "touch /x 2>/dev/null || echo read-only; touch /v/x && stat -c '%g %a' /v /v/x",
        "hard",
      ),
    ).toBe("read-only\n5000 2777\n5000 644");
  });

  it("securityContext without limits, and privileged: capabilities, seccomp, masked paths, devices", async () => {
    expect(await inside(host, "rights", STATUS, "plain")).toMatch(/NoNewPrivs: 0\nSeccomp: 0$/);
    // The runtime mounts /proc/sys read-only over itself, but not for who is privileged.
    const script = "grep -c ' /proc/sys ' /proc/mounts; [ -e /dev/kmsg ] && echo kmsg || echo none";
    expect(await inside(host, "rights", script, "plain")).toBe("1\nnone");
    expect(await inside(host, "rights", script, "mighty")).toBe("0\nkmsg");
    const eff = async (name: string) =>
      BigInt(`0x${/CapEff: (\w+)/.exec(await inside(host, "rights", STATUS, name))?.[1] ?? "0"}`);
    const [plain, mighty] = [await eff("plain"), await eff("mighty")];
    expect([mighty & (1n << 21n), plain & (1n << 21n)]).toEqual([1n << 21n, 0n]); // CAP_SYS_ADMIN
  });
});

const LINKS = `for n in ${NAMESPACES.join(" ")}; do echo $n $(readlink /proc/self/ns/$n); done`;
const linksOf = (text: string): Record<string, string> =>
  Object.fromEntries(text.split("\n").map((line) => line.split(" ") as [string, string]));

describe("namespaces, from inside", () => {
  it("shareProcessNamespace shows the processes of all containers; safe and allowed sysctls hold in the pod alone", async () => {
    const said = await inside(
      host,
      "shared",
      "ps -o args | grep -c '[s]leep 31337'; cat /proc/1/comm; sysctl -n net.ipv4.ip_local_port_range kernel.msgmax",
    );
    expect(said.split("\n").map((line) => line.replace(/\s+/g, " "))).toEqual([
      "1",
      expect.stringContaining("pause"),
      "10000 10100",
      "4096",
    ]);
  });

  it("a plain pod has its own; hostPID, hostIPC and hostNetwork are those of the host", async () => {
    const plain = linksOf(await inside(host, "shared", LINKS));
    expect(NAMESPACES.filter((name) => plain[name] === ofHost[name])).toEqual(["user"]);
    const links = linksOf(await inside(host, "onhost", LINKS));
    expect(links).toMatchObject({ pid: ofHost.pid, ipc: ofHost.ipc, net: ofHost.net, user: ofHost.user });
  });

  it("hostUsers: false has ids of its own where the runtime has them, and waits with the reason where not", async () => {
    const works = await host.eventually("it runs or says why not", async () => {
      const { status } = await host.pod("own");
      if (status?.phase === "Running") return true;
      const message = (await host.berth("describe", "pod", "own")).stdout;
      expect(message).toMatch(/user namespaces/);
      return false;
    });
    if (!works) return;
    expect(await inside(host, "own", "id -u; awk '{print $1, $3}' /proc/self/uid_map")).toBe("0\n0 65536");
    expect(linksOf(await inside(host, "own", LINKS)).user).not.toBe(ofHost.user);
  });
});

describe("resources and environment, from inside", () => {
  it("limits and requests are in the cgroup files and in oom_score_adj", async () => {
    const v1 =
      "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/cpu/cpu.shares /sys/fs/cgroup/cpu/cpu.cfs_quota_us";
    const v2 = "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max /sys/fs/cgroup/memory.oom.group";
    const isTwo =
      (await inside(host, "bounded", "[ -e /sys/fs/cgroup/cgroup.controllers ] && echo two || echo one")) === "two";
    const [memory, ...cpu] = (await inside(host, "bounded", isTwo ? v2 : v1)).split("\n");
    expect([memory, cpu]).toEqual(["67108864", isTwo ? ["50000 100000", "1"] : ["256", "50000"]]);
    const adjust = Number(await inside(host, "bounded", "cat /proc/1/oom_score_adj"));
    expect(adjust).toBeGreaterThan(2);
    expect(adjust).toBeLessThan(1000);
  });

  it("env has fieldRef, resourceFieldRef with its divisor, and $(VAR) with its escape", async () => {
    expect(await inside(host, "bounded", "echo $LIMIT $BOTH")).toBe(`64 ${host.node}-64-$(NODE)`);
  });
});

describe("volumes, from inside", () => {
  it("subPath, subPathExpr, readOnly, fileKeyRef and a downwardAPI volume", async () => {
    expect(await inside(host, "volumes", "cat /part/file; echo $COLOUR; ls /still | sort | tr '\\n' ' '")).toBe(
      "one\nblue\nenv of-default sub",
    );
    expect(
      await inside(host, "volumes", "touch /named/x && ls /still/of-default; touch /still/y 2>/dev/null || echo still"),
    ).toBe("x\nstill");
    expect(
      await inside(host, "volumes", "cat /about/labels; echo; cat /about/cpu; echo; stat -L -c %a /about/cpu"),
    ).toBe('app="inside"\ntier="back"\n300\n440');
  });

  it("an image volume shows the image, where the runtime has them; else the pod waits with the reason", async () => {
    const works = await host.eventually("it runs or says why not", async () => {
      const { status } = await host.pod("imaged");
      if (status?.phase === "Running") return true;
      expect(status?.containerStatuses?.[0]?.state?.waiting?.message).toMatch(/no image volumes/);
      return false;
    });
    if (works)
      expect(await inside(host, "imaged", "[ -x /i/bin/busybox ] && touch /i/x 2>/dev/null || echo read-only")).toBe(
        "read-only",
      );
  });
});

it("termination messages: the file's, the log's after a failure only", async () => {
  await host.eventually("all have ended", async () => {
    const { status } = await host.pod("messages");
    const told = (status?.containerStatuses ?? []).map(({ name, state }) => [name, state?.terminated?.message]);
    expect(Object.fromEntries(told)).toEqual({ writes: "why", logs: "the last words\n", silent: undefined });
    expect(status?.phase).toBe("Failed");
  });
});

it("a hostPort of UDP leads to the pod", async () => {
  // Nobody listens there: the pod's own network counts what comes for no port.
  const counted = async () => Number(await inside(host, "ported", "awk '/^Udp: [0-9]/ {print $3}' /proc/net/snmp"));
  const before = await counted();
  const socket = createSocket("udp4");
  socket.on("error", () => {}); // It may hear that nobody listens.
  try {
    await host.eventually("a packet has come", async () => {
      const { promise, resolve } = Promise.withResolvers<unknown>();
      socket.send("hello", udpPort, host.runtime.gateway, resolve);
      await promise;
      expect(await counted()).toBeGreaterThan(before);
    });
  } finally {
    socket.close();
  }
});
