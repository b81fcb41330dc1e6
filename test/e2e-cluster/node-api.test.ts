import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort } from "../../dev/agent/free-port.ts";
import { programPath } from "../../dev/cluster/places.ts";
import { makeClusterPrograms } from "../../dev/cluster/programs.ts";
import { type Cluster, startCluster } from "../../dev/cluster/start.ts";
import { workFolder } from "../../dev/paths.ts";
import { tryCommand } from "../../dev/run-command.ts";
import { type Host, openHost } from "../kit/host.ts";
import { container, pod, sh } from "../kit/sample-pods.ts";

// kubectl through a real API server to the node's own API, and the same API asked directly (issue 9).

const MIB = 1024 * 1024;
const folder = join(workFolder, "cluster-node-api");
let cluster: Cluster;
let host: Host;
let port: number;
let name: string;
let address: string;

beforeAll(async () => {
  await makeClusterPrograms();
  cluster = await startCluster(folder);
  const node = `n${randomBytes(3).toString("hex")}`;
  name = `web-${node}`;
  port = await freePort();
  address =
    Object.values(networkInterfaces())
      .flat()
      .find((each) => each !== undefined && !each.internal && each.family === "IPv4")?.address ?? "";
  host = await openHost({
    node,
    kubelet: {
      port,
      serverTLSBootstrap: true,
      authentication: { x509: { clientCAFile: cluster.authority.certificate } },
      containerLogMaxSize: "2Ki",
      containerLogMonitorInterval: "3s",
    },
    flags: ["--kubeconfig", await cluster.nodeKubeconfig(node), "--node-ip", address],
  });
  const site = "mkdir -p /www && echo hello from the pod >/www/index.html && exec httpd -f -p 8080 -h /www";
  const count = "i=0; while true; do i=$((i+1)); echo line $i; sleep 0.05; done";
  const manifest = pod("web", {
    containers: [
      container("web", { command: sh(`echo one; echo two; echo three; ${site}`) }),
      container("echo", { command: sh("while read line; do echo got $line; done"), stdin: true }),
      container("count", { command: sh(count) }),
    ],
  });
  await host.manifests.drop("web.yaml", manifest);
  for (const each of ["web", "echo", "count"]) await host.running("web", each);
  await host.eventually("the node is there", () => cluster.kubectl(["get", "node", node]));
  await approveServing(node);
  await showPod(node);
}, 300_000);

afterAll(async () => {
  await host?.close();
  await cluster?.stop();
});

/** Somebody has to approve a serving certificate; then the API server, which checks it, gets through to the node. */
async function approveServing(node: string): Promise<void> {
  const form = "{range .items[*]}{.metadata.name} {.spec.signerName} {.spec.username}{'\\n'}{end}";
  const [request = ""] = await host.eventually("the node asks for its certificate", async () => {
    const lines = (await cluster.kubectl(["get", "csr", "-o", `jsonpath=${form}`])).split("\n");
    const asked = lines.filter((line) => line.endsWith(` kubernetes.io/kubelet-serving system:node:${node}`));
    expect(asked.length).toBe(1);
    return asked.map((line) => line.split(" ")[0] ?? "");
  });
  await cluster.kubectl(["certificate", "approve", request]);
  await host.eventually("the certificate is served", () =>
    cluster.kubectl(["get", "--raw", `/api/v1/nodes/${node}/proxy/healthz`]),
  );
}

/** The pod as the API server knows it: its mirror, or one made by hand where the node makes none. */
async function showPod(node: string): Promise<void> {
  const seen = await host
    .eventually("a mirror pod", () => cluster.kubectl(["get", "pod", name]), { withinMs: 5000 })
    .catch(() => undefined);
  if (seen !== undefined) return;
  const containers = ["web", "echo", "count"].map((each) => ({ name: each, image: "busybox", stdin: each === "echo" }));
  const object = { apiVersion: "v1", kind: "Pod", metadata: { name }, spec: { nodeName: node, containers } };
  await cluster.kubectl(["create", "-f", "-"], JSON.stringify(object));
  const { status } = await call("PATCH", `${cluster.server}/api/v1/namespaces/default/pods/${name}/status`, {
    body: JSON.stringify({ status: { phase: "Running" } }),
  });
  expect(status).toBe(200);
}

type Credential = { readonly token?: string; readonly body?: string };

/** One request as the cluster's administrator, or with a token, or with nothing. */
async function call(
  method: string,
  url: string,
  { token, body }: Credential = {},
): Promise<{ status: number; text: string }> {
  const asked = request(url, {
    method,
    agent: false,
    rejectUnauthorized: false,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/merge-patch+json" }),
    },
    ...(token === undefined
      ? { cert: readFileSync(join(folder, "pki/admin.crt")), key: readFileSync(join(folder, "pki/admin.key")) }
      : {}),
  });
  asked.end(body);
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of answer) text += chunk;
  return { status: answer.statusCode ?? 0, text };
}

const kubectl = (...args: string[]) =>
  tryCommand(programPath("kubectl"), ["--kubeconfig", cluster.kubeconfig, ...args]);

/** A kubectl that goes on. */
function begin(...args: string[]) {
  const child = spawn(programPath("kubectl"), ["--kubeconfig", cluster.kubeconfig, ...args]);
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk;
  });
  const exit = once(child, "exit");
  return {
    child,
    out: () => out,
    err: () => err,
    end: () => {
      child.kill("SIGINT");
      return exit;
    },
  };
}

it("logs, with its flags", async () => {
  const logs = async (...args: string[]) => {
    const { code, stdout, stderr } = await kubectl("logs", name, "-c", "web", ...args);
    expect(`${code} ${stderr}`).toBe("0 ");
    return stdout;
  };
  expect(await logs()).toBe("one\ntwo\nthree\n");
  expect(await logs("--tail=1")).toBe("three\n");
  expect(await logs("--limit-bytes=5")).toBe("one\nt");
  expect(await logs("--since=1h")).toBe("one\ntwo\nthree\n");
  expect(await logs("--since-time=2099-01-01T00:00:00Z")).toBe("");
  expect(await logs("--timestamps", "--tail=1")).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}\S+ three\n$/);
  expect(await kubectl("logs", name, "-c", "web", "-p")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`previous terminated container "web" in pod "${name}" not found`),
  });
  expect((await kubectl("logs", name, "-c", "none")).code).toBe(1);
});

it("logs -f misses no line over rotations", async () => {
  const follower = begin("logs", "-f", name, "-c", "count", "--tail=1");
  const seen = new Set<string>();
  await host.eventually(
    "three rotations",
    () => {
      const paths = readdirSync(host.places.podLogs, { recursive: true, encoding: "utf8" });
      // a rotated file is compressed later: it is still the same one
      for (const path of paths) if (/count\/0\.log\./.test(path)) seen.add(path.replace(/\.gz$|\.tmp$/g, ""));
      expect(seen.size).toBeGreaterThanOrEqual(3);
      expect(follower.out().split("\n").length).toBeGreaterThan(100);
    },
    { withinMs: 60_000 },
  );
  await follower.end();
  const numbers = follower
    .out()
    .trim()
    .split("\n")
    .slice(0, -1)
    .map((line) => Number(line.slice(5)));
  expect(numbers.length).toBeGreaterThan(100 - 2);
  expect(numbers).toEqual(numbers.map((_, place) => (numbers[0] ?? 0) + place));
});

it("exec: both outputs, the exit code, stdin to its end, a terminal's size", async () => {
  const both = await kubectl("exec", name, "-c", "web", "--", "sh", "-c", "echo out; echo err >&2; exit 3");
  expect(both).toMatchObject({ stdout: "out\n", code: 3 });
  expect(both.stderr).toContain("err\n");
  const sent = randomBytes(5 * MIB);
  const sum = begin("exec", "-i", name, "-c", "web", "--", "md5sum");
  sum.child.stdin.end(sent);
  await once(sum.child, "exit");
  expect(sum.out()).toContain(createHash("md5").update(sent).digest("hex"));
  const words = `stty rows 33 cols 99; exec ${programPath("kubectl")} --kubeconfig ${cluster.kubeconfig} exec -it ${name} -c web -- sh -c 'sleep 1; stty size'`;
  const { stdout } = await tryCommand("script", ["-qec", words, "/dev/null"]);
  expect(stdout).toContain("33 99");
});

it("cp of 200 MiB there and back", async () => {
  const there = join(host.places.folder, "there");
  const back = join(host.places.folder, "back");
  writeFileSync(there, randomBytes(200 * MIB));
  const digest = (path: string): string => createHash("md5").update(readFileSync(path)).digest("hex");
  const up = await kubectl("cp", "-c", "web", there, `${name}:/tmp/there`);
  expect(`${up.code} ${up.stderr}`).toMatch(/^0 /);
  const inside = await kubectl("exec", name, "-c", "web", "--", "md5sum", "/tmp/there");
  expect(inside.stdout).toContain(digest(there));
  const down = await kubectl("cp", "-c", "web", `${name}:/tmp/there`, back);
  expect(`${down.code} ${down.stderr}`).toMatch(/^0 /);
  expect(digest(back)).toBe(digest(there));
});

it("attach types to the container's own process", async () => {
  const attached = begin("attach", "-i", name, "-c", "echo");
  await host.eventually("the process answers", () => {
    attached.child.stdin.write("there?\n");
    expect(attached.out()).toContain("got there?\n");
  });
  await attached.end();
});

it("port-forward carries 50 connections at once", async () => {
  const forward = begin("port-forward", name, ":8080");
  const local = await host.eventually("it listens", () => {
    const [, found] = /127\.0\.0\.1:(\d+) -> 8080/.exec(forward.out()) ?? [];
    if (found === undefined) throw new Error(forward.out() + forward.err());
    return found;
  });
  const texts = await Promise.all(
    Array.from({ length: 50 }, async () => (await fetch(`http://127.0.0.1:${local}/`)).text()),
  );
  expect(texts).toEqual(Array(50).fill("hello from the pod\n"));
  await forward.end();
});

it("pages through the API server's proxy", async () => {
  const page = (path: string) => cluster.kubectl(["get", "--raw", `/api/v1/nodes/${host.node}/proxy/${path}`]);
  expect(await page("healthz")).toBe("ok");
  expect(await page("metrics/resource")).toContain(`container_cpu_usage_seconds_total{container="web",pod="${name}"`);
  const { pods } = JSON.parse(await page("stats/summary")) as { pods: { podRef: { name: string } }[] };
  expect(pods.map(({ podRef }) => podRef.name)).toContain(name);
  expect(JSON.parse(await page("configz"))).toMatchObject({ kubeletconfig: { port } });
});

it("tokens and rights are the cluster's own", async () => {
  await cluster.kubectl(["create", "serviceaccount", "scraper"]);
  await cluster.kubectl(["create", "clusterrole", "scraper", "--verb=get", "--resource=nodes/metrics"]);
  await cluster.kubectl([
    "create",
    "clusterrolebinding",
    "scraper",
    "--clusterrole=scraper",
    "--serviceaccount=default:scraper",
  ]);
  const token = await host.eventually("a token", async () => {
    const secret = await cluster.kubectl(["get", "serviceaccount", "scraper", "-o", "jsonpath={.secrets[0].name}"]);
    const encoded = await cluster.kubectl(["get", "secret", secret, "-o", "jsonpath={.data.token}"]);
    if (encoded === "") throw new Error("not yet");
    return Buffer.from(encoded, "base64").toString();
  });
  const own = `https://${address}:${port}`;
  await host.eventually(
    "the right counts",
    async () => {
      expect((await call("GET", `${own}/metrics/resource`, { token })).status).toBe(200);
    },
    { withinMs: 60_000 },
  );
  const refused = await call("GET", `${own}/pods`, { token });
  expect(refused).toMatchObject({ status: 403 });
  expect(refused.text).toContain("user=system:serviceaccount:default:scraper, verb=get, resource=nodes");
  expect((await call("GET", `${own}/pods`, { token: "bad" })).status).toBe(401);
  expect((await call("GET", `${own}/pods`)).status).toBe(200);
});

it("500 sessions opened and dropped leave nothing behind", async () => {
  const descriptors = (): number => readdirSync(`/proc/${host.pid()}/fd`).length;
  const residentMib = (): number =>
    Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${host.pid()}/status`, "utf8"))?.[1]) / 1024;
  const before = { descriptors: descriptors(), residentMib: residentMib() };
  const url = `https://${address}:${port}/exec/default/${name}/web?command=sleep&command=600&input=1&output=1`;
  let taken = 0;
  for (let round = 0; round < 10; round += 1) {
    const sessions = Array.from({ length: 50 }, async () => {
      const asked = request(url, {
        method: "POST",
        agent: false,
        rejectUnauthorized: false,
        cert: readFileSync(join(folder, "pki/admin.crt")),
        key: readFileSync(join(folder, "pki/admin.key")),
        headers: { connection: "Upgrade", upgrade: "SPDY/3.1", "x-stream-protocol-version": "v4.channel.k8s.io" },
      });
      asked.on("error", () => {});
      asked.end();
      const [, socket] = (await once(asked, "upgrade")) as [unknown, { destroy(): void }];
      taken += 1;
      socket.destroy();
    });
    await Promise.all(sessions);
  }
  expect(taken).toBe(500);
  await host.eventually("all are closed", () => expect(descriptors()).toBeLessThan(before.descriptors + 10), {
    withinMs: 60_000,
  });
  const after = await kubectl("exec", name, "-c", "web", "--", "sh", "-c", "ps | grep -c '[s]leep 600'");
  console.log(
    JSON.stringify({ before, after: { descriptors: descriptors(), residentMib: residentMib() }, left: after.stdout }),
  );
  expect(after.stdout.trim()).toBe("0");
  expect(await host.pod("web")).toMatchObject({ status: { phase: "Running" } });
});
