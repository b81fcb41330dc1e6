import { makeCodec } from "../../../src/base/protobuf.ts";
import { containerConfig } from "../../../src/cri/container-config.ts";
import { MESSAGES } from "../../../src/cri/generated/tables.ts";
import { sandboxConfig } from "../../../src/cri/sandbox-config.ts";
import { admit, allocatableOf, nothingTaken } from "../../../src/decide/admission.ts";
import { volumeMounts } from "../../../src/files/container-mounts.ts";
import { hostsText } from "../../../src/files/hosts.ts";
import { payloadOf } from "../../../src/files/payload.ts";
import type { DesiredContainer, DesiredPod, DocumentKey } from "../../../src/pod/desired.ts";
import type { DocumentBody } from "../../../src/pod/document.ts";
import { resolveEnv } from "../../../src/pod/env.ts";
import { rootProblem } from "../../../src/pod/run-as-non-root.ts";
import type { ContainerRequest } from "../../../src/ports.ts";
import { CAPABILITIES, FACTS, SETTINGS } from "../../cri/pod-of.ts";
import { podOf } from "../kit.ts";

/** What comes of a manifest: requests to the runtime, files that containers see, the node's word. Leaves by dotted path. */
export type Effects = ReadonlyMap<string, string>;

const codec = makeCodec(MESSAGES);
const NODE = { ...FACTS, nodeName: "Node1", labels: { zone: "a", size: "7" } };
const IMAGE = { id: "sha256:1111", uid: 7 };
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Two ConfigMaps and two Secrets, `one` and `two`, with the keys `a` and `b`. */
const BODIES: ReadonlyMap<DocumentKey, DocumentBody> = new Map(
  ["one", "two"].flatMap((name) =>
    (["ConfigMap", "Secret"] as const).map((kind): [DocumentKey, DocumentBody] => {
      const data = new Map(["a", "b"].map((key) => [key, text(`${kind}-${name}-${key}`)]));
      return [`${kind}/default/${name}`, { type: "", data, binaryKeys: new Set<string>() }];
    }),
  ),
);

/** The whole way from the text of a manifest to what the world sees of it, without a runtime and without a disk. */
export async function effectsOf(manifest: object): Promise<Effects> {
  const pod = podOf(manifest);
  const { sandbox, containers, volumes } = await translationOf(pod, BODIES);
  return leaves({
    sandbox,
    ...containers,
    volumes,
    hosts: attempt(() => hostsText(pod, ["10.0.0.7"], SETTINGS.clusterDomain, "node's own\n")),
    admission: admit(pod, NODE, allocatableOf(NODE, SETTINGS), nothingTaken),
    ports: admit(pod, NODE, allocatableOf(NODE, SETTINGS), {
      ...nothingTaken,
      hostPorts: [{ port: 80, ip: "192.0.2.1", protocol: "TCP" }],
    }),
  });
}

/** The requests for a pod and the content of its volumes, as they stand on the wire and in files. */
export async function translationOf(pod: DesiredPod, bodies: ReadonlyMap<DocumentKey, DocumentBody>) {
  const surroundings = {
    settings: SETTINGS,
    facts: NODE,
    capabilities: CAPABILITIES,
    users: { firstHostId: 65_536, length: 65_536 },
  };
  const containers = await Promise.all(
    pod.containers.map(
      async (container) => [container.name, await containerOf(pod, bodies, container, surroundings)] as const,
    ),
  );
  const volumes = pod.volumes.map((volume) => [volume.name, attempt(() => payloadText(pod, bodies, volume))] as const);
  return {
    sandbox: attempt(() => onTheWire("PodSandboxConfig", sandboxConfig(pod, 0, surroundings))),
    containers: Object.fromEntries(containers),
    volumes: Object.fromEntries(volumes),
  };
}

async function containerOf(
  pod: DesiredPod,
  documents: ReadonlyMap<DocumentKey, DocumentBody>,
  container: DesiredContainer,
  surroundings: Parameters<typeof containerConfig>[1],
): Promise<unknown> {
  const env = resolveEnv({
    ...{ pod, container, podIps: ["10.0.0.7"], hostIps: NODE.ips, nodeName: NODE.nodeName, allocatable: NODE },
    documents,
    files: new Map(["v/one", "v/two", "w/one"].map((name) => [name, `A='${name}-a'\nB='${name}-b'\n`])),
  });
  if (env.kind === "failed") return { failure: env.message };
  const places = { rootDir: "/var/lib/berth", podLogsDir: "/var/log/pods", containerLogsDir: "/var/log/containers" };
  const request = { pod, container, attempt: 0, podIps: ["10.0.0.7"], environment: env.variables };
  const never = {
    mount: () => Promise.reject(new Error("mounts")),
    unmount: () => Promise.reject(new Error("mounts")),
  };
  const tools = { places, mounts: never, userPaths: <T>(work: () => T) => work(), recursiveReadOnly: () => true };
  const mounts = await volumeMounts(request, tools as Parameters<typeof volumeMounts>[1], new AbortController().signal);
  const whole: ContainerRequest = {
    ...{ ...request, mounts, image: IMAGE, backOffMs: 0 },
    sandbox: { id: "s", attempt: 0, state: "ready", createdWallMs: 0 },
  };
  return {
    config: attempt(() => onTheWire("ContainerConfig", containerConfig(whole, surroundings))),
    root: rootProblem(pod, container, { id: "sha256:2222", uid: 0 }) ?? "",
  };
}

const payloadText = (
  pod: DesiredPod,
  bodies: ReadonlyMap<DocumentKey, DocumentBody>,
  volume: DesiredPod["volumes"][number],
): unknown =>
  Object.fromEntries(
    [...(payloadOf(volume, { pod, bodies, allocatable: NODE }) ?? [])].map(([path, { data, mode }]) => [
      path,
      { text: Buffer.from(data).toString(), mode: mode.toString(8) },
    ]),
  );

/** What is refused is an effect as well. */
function attempt(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return { failure: String(error) };
  }
}

const onTheWire = (name: string, message: object): unknown => codec.decode(name, codec.encode(name, message));

function leaves(value: unknown, path = ""): Map<string, string> {
  if (value instanceof Uint8Array) return new Map([[path, Buffer.from(value).toString()]]);
  if (typeof value !== "object" || value === null) return new Map([[path, String(value)]]);
  const inner = Object.entries(value).flatMap(([name, one]) => [
    ...leaves(one, path === "" ? name : `${path}.${name}`),
  ]);
  return new Map(inner.length === 0 ? [[path, "{}"]] : inner);
}
