import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../dev/agent/free-port.ts";
import { buildBusyboxLayer, textFile } from "../../dev/images/busybox.ts";
import { programsOf } from "../../dev/runtime/places.ts";
import { buildImage, makeLayer, packArchive } from "../../src/cmd/archive/oci.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { type Host, openHost } from "../kit/host.ts";
import { inside } from "../kit/inside.ts";
import { container, pod, sh } from "../kit/sample-pods.ts";
import { thorough } from "../kit/scope.ts";

// Pods as charts for clusters write them, with what is beside them, looked at from inside (issue 5): the habits of web servers,
// databases and agents for a node, and the corners of the fields that these use. In full length only (make e2e-all).

let host: Host;
let hostPort: number;
/** An image whose user has a name and no number. */
const NAMED = "docker.io/library/named:1";

const USER = 1001;
/** What charts give every container. */
const RESTRICTED: v1.SecurityContext = {
  ...{ runAsUser: USER, runAsGroup: USER, runAsNonRoot: true, privileged: false, readOnlyRootFilesystem: true },
  ...{ allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] }, seccompProfile: { type: "RuntimeDefault" } },
  seLinuxOptions: {},
};

/** A web server: one emptyDir in many places, an init container that fills it, a probe of a named port. */
const web = (): v1.Pod => {
  const parts = ["tmp", "conf", "logs/deep"].map((part) => ({
    ...{ name: "empty-dir", mountPath: `/opt/${part}`, subPath: `${part.replace("/", "-")}-dir` },
  }));
  return pod(
    "web",
    {
      automountServiceAccountToken: false,
      ...{ hostNetwork: false, hostIPC: false, nodeSelector: {}, tolerations: [], topologySpreadConstraints: [] },
      securityContext: { fsGroup: USER, fsGroupChangePolicy: "OnRootMismatch", supplementalGroups: [], sysctls: [] },
      volumes: [{ name: "empty-dir", emptyDir: {} }],
      initContainers: [
        container("copy-default-configuration", {
          command: ["/bin/sh"],
          args: ["-ec", "mkdir -p /emptydir/conf-dir; echo ok > /emptydir/conf-dir/index.html"],
          securityContext: RESTRICTED,
          volumeMounts: [{ name: "empty-dir", mountPath: "/emptydir" }],
        }),
      ],
      containers: [
        container("web", {
          command: sh("exec httpd -f -p 8080 -h /opt/conf"),
          ports: [{ name: "http", containerPort: 8080, hostPort, hostIP: host.runtime.gateway }],
          readinessProbe: { httpGet: { path: "/", port: "http" }, periodSeconds: 1, timeoutSeconds: 3 },
          lifecycle: { preStop: { sleep: { seconds: 0 } } },
          securityContext: RESTRICTED,
          volumeMounts: parts,
        }),
      ],
    },
    { annotations: { "checksum/config": "6b86b273ff34fce19d6b804eff5a3f57" } },
  );
};

const DOCUMENTS = [
  {
    ...{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "app" } },
    data: { "app.conf": "one\n", "my.key-2": "dotted", "1st": "digit" },
    binaryData: { blob: Buffer.from([0, 255, 10]).toString("base64") },
  },
  {
    ...{ apiVersion: "v1", kind: "Secret", metadata: { name: "app" }, type: "Opaque" },
    ...{ data: { "postgres-password": Buffer.from("p$(A)w").toString("base64") }, stringData: { extra: "e" } },
  },
];

/** A database: variables from everywhere, its own /dev/shm, projected files with modes, one file over another. */
const database = (): v1.Pod =>
  pod("database", {
    ...{ hostname: "database-0", subdomain: "database-hl" },
    volumes: [
      { name: "dshm", emptyDir: { medium: "Memory", sizeLimit: "32Mi" } },
      { name: "conf", configMap: { name: "app" } },
      {
        name: "all",
        projected: {
          defaultMode: 0o440,
          sources: [
            { configMap: { name: "app", items: [{ key: "app.conf", path: "./etc/app.conf", mode: 0o400 }] } },
            { secret: { name: "app", items: [{ key: "postgres-password", path: "password" }] } },
            { secret: { name: "nobody", optional: true } },
            { configMap: { name: "app", items: [{ key: "nothing", path: "nothing" }], optional: true } },
            { downwardAPI: { items: [{ path: "namespace", fieldRef: { fieldPath: "metadata.namespace" } }] } },
          ],
        },
      },
    ],
    containers: [
      container("main", {
        command: ["sh", "-c", 'echo "$0|$1|$2" > /tmp/said; trap "exit 0" TERM; while :; do sleep 0.2; done'],
        args: ["$(A)-$$(A)-$$$(A)", "$(NOPE) $() $(A", "$(PASSWORD)"],
        envFrom: [
          { configMapRef: { name: "app" } },
          { prefix: "P_", configMapRef: { name: "app" } },
          { secretRef: { name: "nobody", optional: true } },
        ],
        env: [
          { name: "LATE", value: "$(A)" },
          { name: "A", value: "a" },
          { name: "PASSWORD", valueFrom: { secretKeyRef: { name: "app", key: "postgres-password" } } },
          { name: "URL", value: "db://$(PASSWORD)@$(POD_IP)/$(A)" },
          { name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
          { name: "app.conf", value: "over" },
          { name: "NONE", valueFrom: { configMapKeyRef: { name: "app", key: "nothing", optional: true } } },
          { name: "MEMORY", valueFrom: { resourceFieldRef: { resource: "limits.memory", divisor: "1Mi" } } },
          { name: "CPU", valueFrom: { resourceFieldRef: { resource: "requests.cpu" } } },
        ],
        resources: { limits: { cpu: 0.25, memory: "0.1Gi" } },
        volumeMounts: [
          { name: "dshm", mountPath: "/dev/shm" },
          { name: "conf", mountPath: "/etc/group", subPath: "app.conf" },
          { name: "conf", mountPath: "/conf" },
          { name: "all", mountPath: "/all" },
        ],
      }),
    ],
  });

/** An agent of a node: the host's network and processes, its own names beside the host's. */
const agent = (): v1.Pod =>
  pod("agent", {
    ...{ hostNetwork: true, hostPID: true, dnsPolicy: "None", nodeSelector: { "kubernetes.io/os": "linux" } },
    securityContext: { runAsUser: 65_534, runAsGroup: 65_534, runAsNonRoot: true, fsGroup: 65_534 },
    tolerations: [{ operator: "Exists" }],
    dnsConfig: {
      nameservers: ["192.0.2.1", "192.0.2.2", "2001:db8::3"],
      searches: Array.from({ length: 32 }, (_, at) => `s${at}.example.com`),
      options: [{ name: "ndots", value: "2" }, { name: "edns0" }],
    },
    hostAliases: [{ ip: "192.0.2.9", hostnames: ["one.local", "two.local"] }],
    volumes: [
      { name: "proc", hostPath: { path: "/proc" } },
      { name: "etc", hostPath: { path: "/etc", type: "Directory" } },
    ],
    containers: [
      container("main", {
        ports: [{ name: "metrics", containerPort: 19_100 }],
        resources: {},
        volumeMounts: [
          { name: "proc", mountPath: "/host/proc", readOnly: true },
          { name: "etc", mountPath: "/host/etc", readOnly: true },
        ],
      }),
    ],
  });

/** Users by name and by number, and who may not be root. */
const nonRoot = (name: string, image: string, more: v1.SecurityContext = {}): v1.Pod =>
  pod(name, { containers: [container("main", { image, securityContext: { runAsNonRoot: true, ...more } })] });

/** Ends with many words, each of three containers. */
const words = (): v1.Pod =>
  pod("words", {
    restartPolicy: "Never",
    containers: ["a", "b", "c"].map((name) =>
      container(name, {
        command: sh(
          `i=0; while [ $i -lt 200 ]; do echo "$i ${name.repeat(100)}"; i=$((i+1)); done; printf end; exit 1`,
        ),
        terminationMessagePolicy: "FallbackToLogsOnError",
      }),
    ),
  });

beforeAll(async () => {
  if (!thorough) return;
  host = await openHost();
  hostPort = await freePort();
  const user = makeLayer([textFile("etc/passwd", "root:x:0:0::/:/bin/sh\nnamed:x:4711:4712::/:/bin/sh\n")]);
  const config = { command: ["sh"], user: "named" };
  const archive = join(host.places.folder, "named.tar");
  await writeFile(
    archive,
    packArchive([buildImage({ names: [NAMED], layers: [await buildBusyboxLayer(), user], config })]),
  );
  await host.berth("image", "load", archive, "--ctr", programsOf(host.runtime.version).ctr);
  const pods = [
    ...[web(), database(), agent(), words(), nonRoot("by-name", NAMED), nonRoot("by-number", NAMED, { runAsUser: 5 })],
    ...[nonRoot("root-by-image", "busybox:1.36"), nonRoot("root-by-wish", NAMED, { runAsUser: 0 })],
  ];
  await host.manifests.drop("documents.yaml", { apiVersion: "v1", kind: "List", items: DOCUMENTS });
  await host.manifests.drop("pods.yaml", { apiVersion: "v1", kind: "List", items: pods });
});

afterAll(() => host?.close());

describe.runIf(thorough)("pods as charts write them", () => {
  it("a web server without rights: parts of one emptyDir belong to its group, and it gets ready by a named port", async () => {
    const wait = await host.berth("wait", "web", "--for=condition=Ready", "--timeout=60s");
    expect(wait.stdout).toContain("condition met");
    expect(
      await inside(host, "web", "cd /opt; touch tmp/x conf/y logs/deep/z; stat -c '%u %g %a' tmp conf/y", "web"),
    ).toBe("0 1001 2777\n1001 1001 644");
    expect(await inside(host, "web", "cat /opt/conf/index.html; touch /x 2>/dev/null || echo sealed", "web")).toBe(
      "ok\nsealed",
    );
  });

  it("a port of one address of the host leads to the pod from there alone", async () => {
    await host.running("web");
    const fetched = async (address: string) => (await fetch(`http://${address}:${hostPort}/`)).text();
    await host.eventually("it answers", async () => expect(await fetched(host.runtime.gateway)).toBe("ok\n"));
    await expect(fetched("127.0.0.1")).rejects.toThrow();
  });

  it("a database: variables in their order, escapes, optional keys, what no shell could set", async () => {
    expect(await inside(host, "database", "cat /tmp/said")).toBe("a-$(A)-$a|$(NOPE) $() $(A|p$(A)w");
    const env = Object.fromEntries(
      (await inside(host, "database", "tr '\\0' '\\n' < /proc/1/environ"))
        .split("\n")
        .map((line) => line.split(/=(.*)/s, 2)),
    );
    expect(env).toMatchObject({
      ...{ LATE: "$(A)", URL: "db://p$(A)w@$(POD_IP)/a", PASSWORD: "p$(A)w", MEMORY: "103", CPU: "1" },
      ...{ "app.conf": "over", "my.key-2": "dotted", "1st": "digit", P_1st: "digit", "P_my.key-2": "dotted" },
    });
    expect(env).not.toHaveProperty("NONE");
    expect(env).not.toHaveProperty("blob");
  });

  it("a database: projected files with their modes, its own /dev/shm, one file over that of the image, its name", async () => {
    expect(
      await inside(host, "database", "cd /all; stat -L -c '%n %a' etc/app.conf password namespace; ls | wc -l"),
    ).toBe("etc/app.conf 400\npassword 440\nnamespace 440\n3");
    expect(await inside(host, "database", "cat /etc/group /all/namespace; echo; wc -c < /conf/blob")).toBe(
      "one\ndefault\n3",
    );
    expect(
      await inside(host, "database", "df -k /dev/shm | awk 'END {print $2}'; hostname; tail -n 1 /etc/hosts"),
    ).toMatch(/^32768\ndatabase-0\n[\d.]+\tdatabase-0\.database-hl\.default\.svc\tdatabase-0$/);
  });

  it("a changed ConfigMap is seen in the volume; in a subPath by the next instance only", async () => {
    await host.running("database");
    const [config, secret] = DOCUMENTS;
    const changed = { ...config, data: { "app.conf": "two\n" } };
    const begun = performance.now();
    await host.manifests.drop("documents.yaml", { apiVersion: "v1", kind: "List", items: [changed, secret] });
    await host.eventually("the volume has the change", async () =>
      expect(await inside(host, "database", "cat /conf/app.conf /all/etc/app.conf; ls /conf")).toBe(
        "two\ntwo\napp.conf\nblob",
      ),
    );
    console.log(`a change was seen within ${Math.round(performance.now() - begun)} ms, the time of commands with it`);
    expect(await inside(host, "database", "cat /etc/group")).toBe("one");
    const before = await host.running("database");
    await host.berth("exec", "database", "--", "kill", "1");
    await host.eventually("there is another instance", async () => {
      const now = await host.running("database");
      expect(now.id).not.toBe(before.id);
      expect(await inside(host, "database", "cat /etc/group")).toBe("two");
    });
  });

  it("an agent of the node: the host's processes and files, resolver at its limits, hosts file with aliases", async () => {
    expect(
      await inside(host, "agent", "id -u; [ -r /host/proc/1/comm ] && touch /host/etc/x 2>/dev/null || echo sealed"),
    ).toBe("65534\nsealed");
    const hosts = await inside(host, "agent", "cat /etc/hosts");
    expect(hosts).toMatch(/^# Kubernetes-managed hosts file \(host network\)\.\n/);
    expect(hosts).toMatch(/\n\n# Entries added by HostAliases\.\n192\.0\.2\.9\tone\.local\ttwo\.local$/);
    const resolver = (await inside(host, "agent", "cat /etc/resolv.conf")).split("\n").map((line) => line.split(" "));
    const of = (word: string) => resolver.filter(([first]) => first === word).map(([, ...rest]) => rest);
    expect(of("nameserver")).toEqual([["192.0.2.1"], ["192.0.2.2"], ["2001:db8::3"]]);
    expect(of("search")[0]).toHaveLength(32);
    expect(of("options")).toEqual([["ndots:2", "edns0"]]);
  });

  it("users: the image's by name, one by number, and nobody who would be root or might be", async () => {
    expect(await inside(host, "by-number", "id -u")).toBe("5");
    const waits: Record<string, RegExp> = {
      "by-name": /image has non-numeric user \(named\), cannot verify user is non-root/,
      "root-by-image": /image will run as root/,
      "root-by-wish": /container's runAsUser breaks non-root policy/,
    };
    for (const [name, message] of Object.entries(waits)) {
      await host.eventually(`${name} waits`, async () => {
        const [status] = (await host.pod(name)).status?.containerStatuses ?? [];
        expect(status?.state?.waiting).toMatchObject({
          reason: "CreateContainerConfigError",
          message: expect.stringMatching(message),
        });
      });
    }
  });

  it("last words: the end of the log, as much of it as all containers leave room for", async () => {
    await host.eventually("all have ended", async () => {
      const statuses = (await host.pod("words")).status?.containerStatuses ?? [];
      const told = statuses.map(({ name, state }) => [name, state?.terminated?.message ?? ""] as const);
      expect(told.map(([name]) => name)).toEqual(["a", "b", "c"]);
      for (const [name, message] of told) {
        expect(Buffer.byteLength(message)).toBe(2048);
        expect(message.endsWith(`199 ${name.repeat(100)}\nend`)).toBe(true);
      }
    });
  });
});
