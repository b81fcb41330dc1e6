import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type * as v1 from "../../src/pod/v1.ts";
import { type ApiServer, startApiServer } from "../kit/api-server/server.ts";
import { type Host, openHost } from "../kit/host.ts";
import { container, IMAGE, pod, sh } from "../kit/sample-pods.ts";

// What a 1.20 server does not know yet, on the server of test/kit and a real runtime.

let server: ApiServer;
let host: Host;
let folder: string;
const NAME = "watched";
const PATIENT = { withinMs: 60_000 };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-later-"));
  server = await startApiServer();
  const kubeconfig = join(folder, "kubeconfig");
  const config = {
    clusters: [{ name: "c", cluster: { server: server.url } }],
    users: [{ name: "u", user: {} }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  const node = `n${randomBytes(3).toString("hex")}`;
  host = await openHost({ node, flags: ["--kubeconfig", kubeconfig] });
  const main = container("main", { command: sh("trap 'exit 0' TERM; while :; do sleep 7654 & wait $!; done") });
  const bound = pod(NAME, { nodeName: node, containers: [main] }, { namespace: "default" });
  server.place("pods", { ...bound, status: { phase: "Pending" } });
}, 120_000);
afterAll(async () => {
  await host?.close();
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

const status = (): v1.PodStatus => (server.shelf.get("pods", "default", NAME).status ?? {}) as v1.PodStatus;
const untilRunning = (list: "containerStatuses" | "ephemeralContainerStatuses"): Promise<v1.ContainerStatus> =>
  host.eventually(
    `${list} tell that it runs`,
    () => {
      const [first] = status()[list] ?? [];
      if (first?.state?.running === undefined) throw new Error(JSON.stringify(status()));
      return first;
    },
    PATIENT,
  );

it("an ephemeral container comes by a patch of pods/ephemeralcontainers (1.23 and later)", async () => {
  const main = await untilRunning("containerStatuses");
  const debug = { name: "looker", image: IMAGE, command: ["sleep", "100000"], targetContainerName: "main" };
  const path = `${server.url}/api/v1/namespaces/default/pods/${NAME}/ephemeralcontainers`;
  const patch = { spec: { ephemeralContainers: [debug] } };
  expect((await fetch(path, { method: "PATCH", body: JSON.stringify(patch) })).status).toBe(200);
  const looker = await untilRunning("ephemeralContainerStatuses");
  expect(looker).toMatchObject({ name: "looker", ready: false, restartCount: 0 });
  const { stdout } = await host.berth("exec", NAME, "-c", "looker", "--", "ps");
  expect(stdout).toContain("sleep 7654");
  expect(status()).toMatchObject({ phase: "Running", containerStatuses: [main], observedGeneration: 2 });

  await host.crash();
  await host.start();
  await host.steadily(3000, () => {
    expect(status()).toMatchObject({ containerStatuses: [main], ephemeralContainerStatuses: [looker] });
  });

  server.remove("pods", "default", NAME);
  await host.gone(NAME, PATIENT);
  await host.eventually("it is gone", () => expect(server.shelf.all("pods")).toEqual([]), PATIENT);
}, 180_000);
