/** JSON schemas of what the sockets' API answers; docs/openapi.json is made of them, and a test holds the answers to them. */
export type Schema = {
  readonly type?: "object" | "array" | "string" | "integer" | "number" | "boolean";
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly (string | boolean)[];
  readonly oneOf?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly $ref?: string;
};

const text: Schema = { type: "string" };
const count: Schema = { type: "integer", minimum: 0 };
const flag: Schema = { type: "boolean" };
const words = (...names: string[]): Schema => ({ type: "string", enum: names });
const list = (items: Schema): Schema => ({ type: "array", items });
const ref = (name: SchemaName): Schema => ({ $ref: `#/components/schemas/${name}` });

/** An object; names that end in `?` may be missing. */
function object(properties: Readonly<Record<string, Schema>>, description?: string): Schema {
  const entries = Object.entries(properties);
  return {
    type: "object",
    ...(description === undefined ? {} : { description }),
    required: entries.flatMap(([name]) => (name.endsWith("?") ? [] : [name])),
    properties: Object.fromEntries(entries.map(([name, schema]) => [name.replace(/\?$/, ""), schema])),
  };
}

const listOf = (kind: string, items: Schema): Schema =>
  object({ apiVersion: words("v1"), kind: words(kind), items: list(items) });

export type SchemaName =
  | "Error"
  | "Version"
  | "Agent"
  | "Usage"
  | "Drained"
  | "Garbage"
  | "Node"
  | "Pod"
  | "PodList"
  | "PodChange"
  | "Holds"
  | "Probes"
  | "Problem"
  | "ProblemList"
  | "Problems"
  | "Event"
  | "EventList"
  | "ConfigMapList"
  | "SecretList"
  | "Restarted"
  | "SessionResult";

const WITHOUT_VALUES = "Like the v1 type of Kubernetes, with the bytes of each value in place of the data.";
const documentFields = {
  apiVersion: words("v1"),
  kind: words("ConfigMap", "Secret"),
  metadata: object({ name: text, namespace: text, creationTimestamp: text }),
  sizes: object({}, "Bytes by key."),
  file: text,
};
const usageFields = { atWallMs: { ...count, description: "When it was counted, in ms since 1970." } };

export const SCHEMAS: Readonly<Record<SchemaName, Schema>> = {
  Error: object({ error: object({ code: text, message: text }) }, "Codes stand in docs/errors.md."),
  Version: object({ version: text, api: words("v1") }),
  Agent: object({
    version: text,
    nodeName: text,
    drained: flag,
    staticPodPath: text,
    rootDir: text,
    containerRuntimeEndpoint: text,
    imageServiceEndpoint: text,
    unknownFields: words("error", "warn"),
    cgroupDriver: words("cgroupfs", "systemd"),
  }),
  Usage: object({
    node: object({
      name: text,
      cpuCapacityMillis: count,
      memoryCapacityBytes: count,
      cpuCoreNanoSeconds: { ...count, description: "Since the host began, over all cores." },
      memoryBytes: { ...count, description: "What is not available for new programs." },
      "swapBytes?": { ...count, description: "Swap in use." },
      ...usageFields,
    }),
    pods: list(
      object({
        namespace: text,
        name: text,
        uid: text,
        containers: list(
          object({
            name: text,
            id: text,
            "cpuCoreNanoSeconds?": count,
            "workingSetBytes?": count,
            "swapBytes?": count,
            "swapLimitBytes?": { ...count, description: "Used and still to be had together." },
            ...usageFields,
          }),
        ),
      }),
    ),
  }),
  Drained: object({ drained: flag, changed: { ...flag, description: "Whether it was otherwise before." } }),
  Garbage: object({
    dryRun: flag,
    images: list(
      object({
        id: text,
        names: list(text),
        bytes: count,
        "failure?": { ...text, description: "Why it could not be removed." },
      }),
    ),
  }),
  Node: object(
    {
      apiVersion: words("v1"),
      kind: words("Node"),
      metadata: object({ name: text }),
      "spec?": object({ "unschedulable?": flag }),
      status: object({ conditions: list(object({ type: text, status: text })) }),
    },
    "A v1 Node of Kubernetes, as far as it is known here.",
  ),
  Pod: object(
    {
      apiVersion: words("v1"),
      kind: words("Pod"),
      metadata: object({ name: text, namespace: text, uid: text }),
      spec: object({ containers: list(object({ name: text })) }),
      status: object({ "phase?": text }),
    },
    "A v1 Pod of Kubernetes with live status; readers get it without values of variables.",
  ),
  PodList: listOf("PodList", ref("Pod")),
  PodChange: {
    oneOf: [
      object({ kind: words("put"), pod: ref("Pod") }),
      object({ kind: words("gone"), key: { ...text, description: "namespace/name" } }),
      object({ kind: words("synced") }, "The whole list has been told."),
    ],
  },
  Holds: object({
    pod: text,
    holds: list(
      object({
        subject: { ...text, description: "pod, sandbox, container/NAME, volume/NAME, ..." },
        reason: text,
        message: text,
        needs: words("time", "image", "document", "volume", "name", "room", "network", "runtime", "sibling"),
        "waitsMs?": { ...count, description: "How long until it is tried again." },
      }),
    ),
  }),
  Probes: object({
    pod: text,
    probes: list(
      object({
        container: text,
        probe: words("startup", "liveness", "readiness"),
        result: words("unknown", "passed", "failed"),
        "streak?": object({ verdict: words("passed", "failed"), count }),
        "last?": object({
          attempt: words("passed", "failed", "discarded"),
          atWallMs: count,
          tookMs: count,
          output: text,
        }),
      }),
    ),
  }),
  Problem: object({
    code: { ...text, description: "Codes stand in docs/problems.md." },
    severity: words("error", "warning"),
    file: text,
    "line?": count,
    "column?": count,
    "path?": text,
    message: text,
    advice: text,
    "pod?": text,
  }),
  ProblemList: object({ items: list(ref("Problem")) }),
  Problems: { ...list(ref("Problem")), description: "All of them, again after each change." },
  Event: object(
    {
      apiVersion: words("v1"),
      kind: words("Event"),
      metadata: object({ name: text, namespace: text }),
      type: words("Normal", "Warning"),
      reason: text,
      message: text,
      involvedObject: object({ kind: text, name: text }),
      firstTimestamp: text,
      lastTimestamp: text,
      count,
    },
    "A v1 Event of Kubernetes.",
  ),
  EventList: listOf("EventList", ref("Event")),
  ConfigMapList: listOf("ConfigMapList", object(documentFields, WITHOUT_VALUES)),
  SecretList: listOf("SecretList", object({ ...documentFields, type: text }, WITHOUT_VALUES)),
  Restarted: object({ pod: text, restarted: list(text) }),
  SessionResult: {
    description: "The last frame of a stream.",
    oneOf: [
      object({ kind: words("exited"), exitCode: { type: "integer" } }),
      object({ kind: words("failed"), message: text }),
    ],
  },
};
