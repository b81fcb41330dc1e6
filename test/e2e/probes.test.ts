import { once } from "node:events";
import { readFile } from "node:fs/promises";
import https from "node:https";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { checkout } from "../../dev/paths.ts";
import { makeCodec } from "../../src/base/protobuf.ts";
import { MESSAGES, METHODS } from "../../src/handler/generated/tables.ts";
import type * as v1 from "../../src/pod/v1.ts";
import type { StoredPod } from "../../src/ports.ts";
import { selfSigned } from "../kit/certificates.ts";
import { type Host, openHost } from "../kit/host.ts";
import { container, pod, SLEEP, sh } from "../kit/sample-pods.ts";
import { thorough } from "../kit/scope.ts";
import { getOverSocket } from "../kit/socket-api.ts";
import { type Table, watchPods } from "../kit/table.ts";

const SERVICE = "quay.io/openshiftlabs/simpleservice:0.5.0";
let host: Host;
let table: Table;

beforeAll(async () => {
  host = await openHost();
  table = watchPods(host);
});
afterAll(async () => {
  await table?.close();
  await host?.close();
});

type Event = {
  reason: string;
  message: string;
  count: number;
  involvedObject: { name: string };
  firstTimestamp: string;
};
async function eventsOf(name: string): Promise<Event[]> {
  const { items } = await getOverSocket<{ items: Event[] }>(host.places.socket, "/v1/events");
  return items.filter(({ involvedObject }) => involvedObject.name === `${name}-${host.node}`);
}
const isReady = (shown: v1.Pod): boolean =>
  shown.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
const ready = (name: string, wanted = true) =>
  host.eventually(`${name} is ${wanted ? "" : "not "}ready`, async () => {
    const shown = await host.pod(name);
    expect([name, isReady(shown)]).toEqual([name, wanted]);
    return shown;
  });
/** What the events say of a failing probe. */
const unhealthy = (name: string, words: RegExp) =>
  host.eventually(`${name} tells why`, async () => {
    const messages = (await eventsOf(name)).filter(({ reason }) => reason === "Unhealthy").map((one) => one.message);
    expect(messages.join("\n")).toMatch(words);
  });

/** Milliseconds from the start of the first instance to the event that it is killed. */
async function killedAfter(name: string): Promise<number> {
  const first = await host.running(name);
  const { startedAtMs } = await host.cri.status(first.id);
  const killing = await host.eventually(
    `${name} is killed`,
    async () => {
      const found = (await eventsOf(name)).find(({ reason }) => reason === "Killing");
      expect(found?.message).toMatch(/failed startup probe, will be restarted/);
      return found;
    },
    { withinMs: 20_000 },
  );
  const afterMs = Date.parse(killing?.firstTimestamp ?? "") - startedAtMs;
  console.log(`${name}: killed ${Math.round(afterMs)} ms after its start`);
  return afterMs;
}

const demo = (name: string, more: Partial<v1.Container>): v1.Pod =>
  pod(name, {
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: "sise",
        image: SERVICE,
        startupProbe: { httpGet: { path: "/health", port: 9876 }, failureThreshold: 3, periodSeconds: 2 },
        ...more,
      },
    ],
  });

describe("probe-demo.yaml", () => {
  it("becomes ready; wait, describe and the numbers tell of it", async () => {
    await host.manifests.drop(
      "probe-demo.yaml",
      await readFile(join(checkout, "test/manifests/probe-demo.yaml"), "utf8"),
    );
    const waited = await host.berth("wait", "-n", "demo", "probe-demo", "--for=condition=Ready", "--timeout=30s");
    expect(waited).toMatchObject({ code: 0 });
    const { stdout: out } = await host.berth("describe", "-n", "demo", "pod", "probe-demo");
    expect(out).toMatch(
      /Liveness:\s+http-get http:\/\/:9876\/health delay=0s timeout=1s period=5s #success=1 #failure=3/,
    );
    expect(out).toMatch(/Readiness:\s+tcp-socket/);
    expect(out).toMatch(/Last:\s+passed \d+s ago in \d+ ms/);
    const page = await (await fetch(`http://127.0.0.1:${host.port}/metrics/probes`)).text();
    expect(page).toMatch(/prober_probe_total\{probe_type="Startup",container="sise".*result="successful".* 1$/m);
  });

  it("is killed 4.0 to 4.5 s after the start where the connection is refused", async () => {
    await host.manifests.drop("refused.yaml", demo("refused", { command: SLEEP }));
    const afterMs = await killedAfter("refused");
    expect(afterMs).toBeGreaterThanOrEqual(4000);
    expect(afterMs).toBeLessThan(4500);
    await unhealthy("refused", /Startup probe failed: .*ECONNREFUSED/);
    await host.manifests.remove("refused.yaml");
  });

  it("is killed 5.0 to 5.5 s after the start where it never answers", async () => {
    await host.manifests.drop("hanging.yaml", demo("hanging", { env: [{ name: "HEALTH", value: "hang" }] }));
    const afterMs = await killedAfter("hanging");
    expect(afterMs).toBeGreaterThanOrEqual(5000);
    expect(afterMs).toBeLessThan(5500);
    await host.manifests.remove("hanging.yaml");
  });
});

describe("handlers", () => {
  const readiness = (name: string, probe: v1.Probe, more: Partial<v1.Container> = {}, spec: Partial<v1.PodSpec> = {}) =>
    host.manifests.drop(
      `${name}.yaml`,
      pod(name, {
        terminationGracePeriodSeconds: 1,
        containers: [container("main", { readinessProbe: { periodSeconds: 1, ...probe }, ...more })],
        ...spec,
      }),
    );

  it("exec: passes, fails with its output, is killed at its timeout, is no command at all", async () => {
    await readiness("exec-passes", { exec: { command: sh('test "$0" = hello') } });
    await readiness(
      "exec-expands",
      { exec: { command: ["test", "$(WORD)", "=", "hello"] } },
      {
        env: [{ name: "WORD", value: "hello" }],
      },
    );
    await readiness("exec-fails", { exec: { command: sh("echo on stdout; echo on stderr >&2; exit 3") } });
    await readiness("exec-hangs", { exec: { command: ["sleep", "100"] } });
    await readiness("exec-absent", { exec: { command: ["/no/such/program"] } });
    await ready("exec-expands");
    await unhealthy("exec-fails", /Readiness probe failed: on stdout\non stderr/);
    await unhealthy("exec-hangs", /command timed out: "sleep 100" timed out after 1s/);
    await unhealthy("exec-absent", /Readiness probe errored and resulted in unknown state/);
    for (const name of ["exec-passes", "exec-fails", "exec-hangs", "exec-absent"]) await ready(name, false);
  });

  it("httpGet: passes, fails, hangs, passes over HTTPS with anybody's certificate", async () => {
    const { key, certificate } = selfSigned({ commonName: "somebody" });
    const sealed = https.createServer({ key, cert: certificate }, (_request, response) => response.end("well"));
    sealed.listen(0, "127.0.0.1");
    onTestFinished(() => void sealed.close());
    await once(sealed, "listening");
    const { port } = sealed.address() as AddressInfo;
    // on this host
    await readiness("https-passes", { httpGet: { scheme: "HTTPS", host: "127.0.0.1", port } });
    const get = (path: string): v1.Probe => ({ httpGet: { path, port: "web" } });
    const service = { image: SERVICE, command: ["simpleservice"], ports: [{ name: "web", containerPort: 9876 }] };
    await readiness("http-passes", get("/health"), service);
    await readiness("http-fails", get("/nothing"), service);
    await readiness("http-hangs", get("/health"), { ...service, env: [{ name: "HEALTH", value: "hang" }] });
    await ready("http-passes");
    await ready("https-passes");
    await unhealthy("http-fails", /HTTP probe failed with statuscode: 404/);
    await unhealthy("http-hangs", /Readiness probe failed: Get "http:.*\/health"/);
    await host.manifests.remove("https-passes.yaml");
  });

  it("tcpSocket: passes, is refused, never gets an answer", async () => {
    const service = { image: SERVICE, command: ["simpleservice"] };
    await readiness("tcp-passes", { tcpSocket: { port: 9876 } }, service);
    await readiness("tcp-refused", { tcpSocket: { port: 9877 } }, service);
    await readiness("tcp-silent", { tcpSocket: { host: "192.0.2.1", port: 80 } });
    await ready("tcp-passes");
    await unhealthy("tcp-refused", /dial tcp .*:9877: .*ECONNREFUSED/);
    await unhealthy("tcp-silent", /Readiness probe failed: dial tcp 192\.0\.2\.1:80/);
  });

  it("grpc: serving, not serving, unknown service, silent", async () => {
    const health = await serveHealth();
    const silent = await serveSilence();
    try {
      const probe = (port: number, service?: string): v1.Probe => ({ grpc: { port, ...(service ? { service } : {}) } });
      const onHost = { hostNetwork: true };
      await readiness("grpc-serves", probe(health.port), {}, onHost);
      await readiness("grpc-down", probe(health.port, "down"), {}, onHost);
      await readiness("grpc-strange", probe(health.port, "strange"), {}, onHost);
      await readiness("grpc-silent", probe(silent.port), {}, onHost);
      await ready("grpc-serves");
      await unhealthy("grpc-down", /service unhealthy \(responded with NOT_SERVING\)/);
      await unhealthy("grpc-strange", /Readiness probe failed: .*unknown service/);
      await unhealthy("grpc-silent", /Readiness probe failed: .*time is over/);
    } finally {
      for (const name of ["serves", "down", "strange", "silent"]) await host.manifests.remove(`grpc-${name}.yaml`);
      health.close();
      silent.close();
    }
  });
});

it("a sidecar with a startup probe holds what comes after it until the probe has passed", async () => {
  const spec: Partial<v1.PodSpec> = {
    terminationGracePeriodSeconds: 2,
    initContainers: [
      container("side", {
        restartPolicy: "Always",
        command: sh("sleep 3; touch /tmp/up; exec sleep 1000"),
        startupProbe: { exec: { command: ["test", "-e", "/tmp/up"] }, periodSeconds: 1, failureThreshold: 30 },
      }),
    ],
  };
  await host.manifests.drop("gated.yaml", pod("gated", spec));
  const app = await host.running("gated", "main");
  const side = await host.running("gated", "side");
  const [first, second] = [await host.cri.status(side.id), await host.cri.status(app.id)];
  expect(second.startedAtMs - first.startedAtMs).toBeGreaterThan(3000);
  expect(side.attempt).toBe(0);
});

it("none of the pods that are ready flips while the agent is killed and started", async () => {
  const names = Array.from({ length: thorough ? 20 : 10 }, (_, index) => `steady-${index}`);
  const probe: v1.Probe = { exec: { command: ["true"] }, periodSeconds: 2 };
  const slow = { ...probe, initialDelaySeconds: 3 };
  for (const name of names) {
    const main = container("main", { startupProbe: probe, readinessProbe: slow, livenessProbe: slow });
    await host.manifests.drop(`${name}.yaml`, pod(name, { containers: [main] }));
  }
  for (const name of names) await ready(name);
  // What is shown is on its way to the disk; a kill in that moment would take it back.
  for (const name of names) await recorded(await host.pod(name));
  const steadyIds = async () =>
    (await host.cri.containers()).flatMap(({ pod: name, id, state }) =>
      name.startsWith("steady-") ? `${id} ${state}` : [],
    );
  const before = await steadyIds();
  const watch = watchPods(host);
  await watch.shows("steady-0", "Running");
  await host.crash();
  await host.start();
  await host.steadily(6000, async () => {
    for (const name of names) expect([name, isReady(await host.pod(name))]).toEqual([name, true]);
  });
  const rows = watch.rows().filter(({ NAME }) => NAME?.startsWith("steady-"));
  await watch.close();
  const shown = names.map((name) => `${name}-${host.node} 1/1 Running`);
  expect(rows.map(({ NAME, READY, STATUS }) => `${NAME} ${READY} ${STATUS}`).sort()).toEqual(shown.sort());
  expect(await steadyIds()).toEqual(before);
});

/** Waits until the next agent would know that the pod's container is ready. */
async function recorded({ metadata }: v1.Pod): Promise<void> {
  const file = join(host.places.root, "pods", metadata?.uid ?? "", "berth.json");
  await host.eventually("its record says that it is ready", async () => {
    const { record } = JSON.parse(await readFile(file, "utf8")) as StoredPod;
    expect(Object.values(record.instances)).toEqual([expect.objectContaining({ ready: true })]);
  });
}

type Served = { readonly port: number; close(): void };

/** A health service on all addresses of this host, where a pod on the host network is asked. */
async function serveHealth(): Promise<Served> {
  const codec = makeCodec(MESSAGES);
  const { path, request, response } = METHODS.Check;
  const server = new grpc.Server();
  const definition: grpc.ServiceDefinition = {
    Check: {
      path,
      requestStream: false,
      responseStream: false,
      requestSerialize: (value: object) => Buffer.from(codec.encode(request, value)),
      requestDeserialize: (bytes: Buffer) => codec.decode(request, bytes),
      responseSerialize: (value: object) => Buffer.from(codec.encode(response, value)),
      responseDeserialize: (bytes: Buffer) => codec.decode(response, bytes),
    },
  };
  server.addService(definition, {
    Check(call: { request: { service: string } }, answer: grpc.sendUnaryData<object>) {
      const { service } = call.request;
      if (service === "strange") answer({ code: grpc.status.NOT_FOUND, details: "unknown service" });
      else answer(null, { status: service === "down" ? 2 : 1 });
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("0.0.0.0:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return { port, close: () => server.forceShutdown() };
}

/** Takes connections and says nothing. */
async function serveSilence(): Promise<Served> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => void sockets.add(socket.on("error", () => {})));
  server.listen(0, "0.0.0.0");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
