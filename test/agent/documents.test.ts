import { describe, expect, it, vi } from "vitest";
import { makeShelf } from "../../src/agent/documents.ts";
import { RESTART_ANNOTATION } from "../../src/decide/config-change.ts";
import type { DocumentContent } from "../../src/pod/document.ts";
import type { DirectorySighting } from "../../src/pod/source.ts";
import type * as v1 from "../../src/pod/v1.ts";
import type { ContainerRequest } from "../../src/ports.ts";
import { plainPod } from "../kit/compiled-pod.ts";
import type { Document } from "../kit/source.ts";
import { makeWorld, type World } from "../kit/world.ts";

const CANARY = "canary-3f1c9e";
const settings = (value: string): Document => ({
  kind: "config",
  key: "ConfigMap/default/settings",
  data: { COLOUR: value },
});
const token: Document = { kind: "config", key: "Secret/default/token", data: { KEY: CANARY } };
const pod = (spec: Partial<v1.PodSpec> = {}, annotations: Record<string, string> = {}): Document => {
  const manifest = plainPod("web", spec);
  return { kind: "pod", manifest: { ...manifest, metadata: { name: "web", annotations } } };
};
const ofSettings: Partial<v1.PodSpec> = {
  containers: [{ name: "app", image: "app:1", envFrom: [{ configMapRef: { name: "settings" } }] }],
};
const mounted: Partial<v1.PodSpec> = {
  containers: [{ name: "app", image: "app:1" }],
  volumes: [{ name: "v", configMap: { name: "settings" } }],
};

/** A world with an agent, and what its containers were made with. */
async function started(): Promise<{ host: World; made: ContainerRequest[] }> {
  const host = makeWorld();
  const made: ContainerRequest[] = [];
  const { runtime } = host.runtime;
  const create = runtime.createContainer;
  vi.spyOn(runtime, "createContainer").mockImplementation((request, signal) => {
    made.push(request);
    return create(request, signal);
  });
  await host.start();
  await host.clock.advance(100);
  return { host, made };
}

const variables = (made: readonly ContainerRequest[]): (string | undefined)[] =>
  made.map(({ environment }) => environment.find(({ name }) => name === "COLOUR")?.value);
const waiting = (host: World): unknown => host.pod("web")?.status?.containerStatuses?.[0]?.state?.waiting;
const volumeWrites = (host: World): number => host.trace.filter(({ text }) => text.startsWith("set volume")).length;

describe("documents beside the pod (D2)", () => {
  it("a container waits for the document that its variables need, and starts when it comes", async () => {
    const { host, made } = await started();
    host.directory.put("web.yaml", pod(ofSettings));
    await host.clock.advance(5000);
    expect(waiting(host)).toEqual({ reason: "CreateContainerConfigError", message: 'configmap "settings" not found' });
    host.directory.put("settings.yaml", settings("blue"));
    await host.clock.advance(1000);
    expect(host.pod("web")?.status?.phase).toBe("Running");
    expect(variables(made)).toEqual(["blue"]);
  });

  it("a volume waits for its document, follows its changes, and lets nothing else wait", async () => {
    const { host, made } = await started();
    host.directory.put("web.yaml", pod(mounted));
    await host.clock.advance(5000);
    expect([waiting(host), made.length]).toEqual([{ reason: "ContainerCreating" }, 0]);
    const events = host.trace.filter(({ kind, text }) => kind === "event" && text.includes("FailedMount"));
    expect(events.map(({ text }) => text).join()).toContain('configmap "settings" not found');
    host.directory.put("settings.yaml", settings("blue"));
    await host.clock.advance(1000);
    expect([made.length, volumeWrites(host)]).toEqual([1, 1]);
    host.directory.put("settings.yaml", settings("green"));
    await host.clock.advance(1000);
    expect([made.length, volumeWrites(host)]).toEqual([1, 2]);
  });

  it("a file that breaks takes no document away: a restarted container still has it (D1)", async () => {
    const { host, made } = await started();
    host.directory.put("settings.yaml", settings("blue"));
    host.directory.put("web.yaml", pod(ofSettings));
    await host.clock.advance(1000);
    host.directory.break("settings.yaml");
    await host.clock.advance(1000);
    const [container] = host.runtime.state.containers.keys();
    host.runtime.state.exit(container ?? "", 1);
    await host.clock.advance(1000);
    expect(variables(made)).toEqual(["blue", "blue"]);
  });

  it("a file that breaks while no agent runs takes no document away; one that is removed does (D1)", async () => {
    const { host, made } = await started();
    host.directory.put("settings.yaml", settings("blue"));
    host.directory.put("web.yaml", pod(ofSettings));
    await host.clock.advance(1000);
    host.kill();
    host.directory.break("settings.yaml");
    await host.start();
    await host.clock.advance(1000);
    host.runtime.state.exit([...host.runtime.state.containers.keys()][0] ?? "", 1);
    await host.clock.advance(1000);
    expect(variables(made)).toEqual(["blue", "blue"]);
    host.kill();
    host.directory.remove("settings.yaml");
    await host.start();
    await host.clock.advance(1000);
    expect(host.agent().view.documents()).toEqual([]);
  });

  it("of two documents with one name the first holds it, and the other takes over when it goes (D5)", async () => {
    const { host, made } = await started();
    host.directory.put("a.yaml", settings("blue"));
    await host.clock.advance(100);
    host.directory.put("b.yaml", settings("green"));
    host.directory.put("web.yaml", pod(mounted));
    await host.clock.advance(1000);
    expect(host.agent().view.problems()).toMatchObject([{ code: "NameTaken", file: "/manifests/b.yaml" }]);
    expect(host.agent().view.documents()).toMatchObject([{ name: "settings", path: "/manifests/a.yaml" }]);
    host.directory.remove("a.yaml");
    await host.clock.advance(1000);
    expect(host.agent().view.problems()).toEqual([]);
    expect(host.agent().view.documents()).toMatchObject([{ path: "/manifests/b.yaml", sizes: { COLOUR: 5 } }]);
    expect([made.length, volumeWrites(host)]).toEqual([1, 2]);
  });

  it("the value of a secret is told to the container and to nobody else", async () => {
    const { host, made } = await started();
    const env = [{ name: "KEY", valueFrom: { secretKeyRef: { name: "token", key: "KEY" } } }];
    host.directory.put("token.yaml", token);
    host.directory.put(
      "web.yaml",
      pod({
        containers: [{ name: "app", image: "app:1", env, envFrom: [{ secretRef: { name: "token" } }] }],
        volumes: [{ name: "v", secret: { secretName: "token" } }],
      }),
    );
    await host.clock.advance(1000);
    expect(made[0]?.environment).toEqual([{ name: "KEY", value: CANARY }]);
    const { view } = host.agent();
    const told = [view.pods(), view.problems(), view.documents(), view.events(), view.holds("default/web-node")];
    expect(JSON.stringify([host.trace, ...host.disk.records.values(), told])).not.toContain(CANARY);
  });
});

describe("berth.dev/restart-on-config-change", () => {
  const restarting = { [RESTART_ANNOTATION]: "true" };
  const uid = (host: World): string => host.pod("web")?.metadata?.uid ?? "";

  it("replaces the pod when a document that it uses changes", async () => {
    const { host, made } = await started();
    host.directory.put("settings.yaml", settings("blue"));
    host.directory.put("web.yaml", pod(ofSettings, restarting));
    await host.clock.advance(1000);
    const before = uid(host);
    host.directory.put("settings.yaml", settings("green"));
    await host.clock.advance(40_000);
    expect(variables(made)).toEqual(["blue", "green"]);
    expect(uid(host)).not.toBe(before);
    expect(host.runtime.state.containers.size).toBe(1);
  });

  it.each<[string, (host: World) => void]>([
    ["another document changes", (host) => host.directory.put("token.yaml", token)],
    ["the document is gone", (host) => host.directory.remove("settings.yaml")],
    ["the document's file breaks", (host) => host.directory.break("settings.yaml")],
    ["the pod's own file breaks", (host) => host.directory.break("web.yaml")],
    ["the file is written again", (host) => host.directory.put("settings.yaml", settings("blue"))],
  ])("leaves the pod alone when %s", async (_name, change) => {
    const { host, made } = await started();
    host.directory.put("settings.yaml", settings("blue"));
    host.directory.put("web.yaml", pod(ofSettings, restarting));
    await host.clock.advance(1000);
    const before = uid(host);
    change(host);
    await host.clock.advance(40_000);
    expect([uid(host), made.length]).toEqual([before, 1]);
  });

  it("adopts the pod after a restart of the agent, and replaces it when the document changed meanwhile", async () => {
    const { host, made } = await started();
    host.directory.put("settings.yaml", settings("blue"));
    host.directory.put("web.yaml", pod(ofSettings, restarting));
    await host.clock.advance(1000);
    const before = uid(host);
    host.kill();
    await host.start();
    await host.clock.advance(5000);
    expect([uid(host), made.length]).toEqual([before, 1]);
    host.kill();
    host.directory.put("settings.yaml", settings("green"));
    await host.start();
    await host.clock.advance(40_000);
    expect(variables(made)).toEqual(["blue", "green"]);
  });

  it("without it the pod runs on", async () => {
    const { host, made } = await started();
    host.directory.put("settings.yaml", settings("blue"));
    host.directory.put("web.yaml", pod(ofSettings));
    await host.clock.advance(1000);
    host.directory.put("settings.yaml", settings("green"));
    await host.clock.advance(40_000);
    expect(variables(made)).toEqual(["blue"]);
  });
});

describe("the shelf", () => {
  const content = (version: string): DocumentContent => ({
    ...{ key: "Secret/default/token", version, immutable: false, seenWallMs: 0 },
    body: { type: "Opaque", data: new Map([["KEY", new TextEncoder().encode(version)]]), binaryKeys: new Set() },
  });
  const sighting = (...contents: DocumentContent[]): DirectorySighting => ({
    listing: { kind: "whole", device: "1" },
    files: [{ path: "/m/a.yaml", reading: "whole", settled: true, documents: [], problems: [], contents }],
    ignored: [],
  });
  const held = (version: string) => new Map([["Secret/default/token" as const, { path: "/m/a.yaml", version }]]);
  const bodyOf = (shelf: ReturnType<typeof makeShelf>): string => {
    const body = shelf.bodies(["Secret/default/token"]).get("Secret/default/token");
    return Buffer.from(body?.data.get("KEY") ?? []).toString();
  };

  it("K1 has the version that is held, not the newest one seen", () => {
    const shelf = makeShelf();
    shelf.take(sighting(content("1")), held("1"));
    shelf.take(sighting(content("2")), held("1"));
    expect(bodyOf(shelf)).toBe("1");
    shelf.take(sighting(), held("1"));
    expect(bodyOf(shelf)).toBe("1");
    shelf.take(sighting(content("2")), held("2"));
    expect(bodyOf(shelf)).toBe("2");
  });

  it("K2 lets go of what no name holds", () => {
    const shelf = makeShelf();
    shelf.take(sighting(content("1")), held("1"));
    shelf.take(sighting(content("1")), new Map());
    expect([bodyOf(shelf), shelf.summaries()]).toEqual(["", []]);
  });
});
