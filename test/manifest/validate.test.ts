import { describe, expect, it } from "vitest";
import { aManifest, compile, complaints } from "./kit.ts";

const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

type Json = { [name: string]: unknown };
/** Manifests with what is wrong with each; no complaint means that the rule lets it pass. */
type Row = [rule: string, manifest: object, ...complaints: string[]];

const spec = (change: Json): object => aManifest(change);
const app = (change: Json): object => aManifest({}, change);
const meta = (change: Json): object => aManifest({}, {}, change);
const init = (change: Json, more: Json = {}): object =>
  aManifest({ initContainers: [{ name: "first", image: "b:1", ...change }], ...more });
const C0 = "spec.containers[0]";
const I0 = "spec.initContainers[0]";

const check = (rows: readonly Row[]): void => {
  it.each(rows)("%s", (_rule, manifest, ...expected) => {
    expect(complaints(manifest).sort()).toEqual(expected.sort());
  });
};

describe("metadata", () => {
  check([
    ["V1 subdomain", meta({ name: "Web_1" }), `metadata.name: Invalid value: "Web_1": ${SUBDOMAIN}`],
    ["V1 dots are fine", meta({ name: "web.v1" })],
    ["V1 no name", meta({ name: "" }), "metadata.name: Required value: name is required"],
    [
      "V1 generateName does not count",
      meta({ name: undefined, generateName: "a-" }),
      "metadata.name: Required value: name is required",
    ],
    ["V1 247 with the suffix fit", meta({ name: "a".repeat(247) })],
    [
      "V1 253 with the suffix do not",
      meta({ name: "a".repeat(248) }),
      `metadata.name: Invalid value: "${"a".repeat(248)}-node1": must be no more than 253 bytes`,
    ],
    [
      "V2 namespace is a label",
      meta({ namespace: "a.b" }),
      'metadata.namespace: Invalid value: "a.b": must not contain dots',
    ],
    [
      "V2 63 at most",
      meta({ namespace: "a".repeat(64) }),
      `metadata.namespace: Invalid value: "${"a".repeat(64)}": must be no more than 63 bytes`,
    ],
    [
      "V3 annotation key",
      meta({ annotations: { "a b": "x" } }),
      expect.stringMatching(/^metadata.annotations\[a b\]: Invalid value: "a b": name part must consist/),
    ],
    [
      "V3 annotation size",
      meta({ annotations: { a: "x".repeat(262_144) } }),
      "metadata.annotations: Too long: may not be more than 262144 bytes",
    ],
    [
      "labels",
      meta({ labels: { "x/y/z": "a", ok: "b c" } }),
      expect.stringMatching(/labels\[ok\].*a valid label must be an empty string/),
      expect.stringMatching(/labels\[x\/y\/z\].*a qualified name must consist/),
    ],
    [
      "a uid that is no word",
      meta({ uid: "../../etc" }),
      `metadata.uid: Invalid value: "../../etc": must consist of at most 64 alphanumeric characters or '-'`,
    ],
    ["a UUID", meta({ uid: "0d1c3a2e-6f9f-4a58-9d53-6a2f0c1b2a3d" })],
  ]);
});

describe("containers", () => {
  check([
    ["V2 at least one", spec({ containers: [] }), "spec.containers: Required value"],
    ["V4 name required", app({ name: "" }), `${C0}.name: Required value`],
    ["V4 name is a label", app({ name: "A" }), `${C0}.name: Invalid value: "A": ${LABEL}`],
    [
      "V4 unique",
      spec({
        containers: [
          { name: "a", image: "b" },
          { name: "a", image: "b" },
        ],
      }),
      'spec.containers[1].name: Duplicate value: "a"',
    ],
    ["V4 the init side is told", init({ name: "app" }), `${I0}.name: Duplicate value: "app"`],
    ["V5 image required", app({ image: "" }), `${C0}.image: Required value`],
    [
      "V5 white space",
      app({ image: " b" }),
      `${C0}.image: Invalid value: " b": must not have leading or trailing whitespace`,
    ],
    ["V5 its syntax is not checked", app({ image: "Not//An:Image" })],
    [
      "V6 pull policy",
      app({ imagePullPolicy: "always" }),
      `${C0}.imagePullPolicy: Unsupported value: "always": supported values: "Always", "IfNotPresent", "Never"`,
    ],
    [
      "V6 message policy",
      app({ terminationMessagePolicy: "x" }),
      `${C0}.terminationMessagePolicy: Unsupported value: "x": supported values: "FallbackToLogsOnError", "File"`,
    ],
    [
      "V33 restart policy",
      app({ restartPolicy: "Sometimes" }),
      `${C0}.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"`,
    ],
    [
      "V34 rules need a policy",
      app({ restartPolicyRules: [{ action: "Restart", exitCodes: { operator: "In", values: [1] } }] }),
      `${C0}.restartPolicy: Required value: must specify restartPolicy when restart rules are used`,
    ],
    [
      "V34 rules are whole",
      app({
        restartPolicy: "Never",
        restartPolicyRules: [{ action: "Stop" }, { action: "Restart", exitCodes: { operator: "Eq", values: [] } }],
      }),
      `${C0}.restartPolicyRules[0].action: Unsupported value: "Stop": supported values: "Restart", "RestartAllContainers"`,
      `${C0}.restartPolicyRules[0].exitCodes: Required value: must be specified`,
      `${C0}.restartPolicyRules[1].exitCodes.operator: Unsupported value: "Eq": supported values: "In", "NotIn"`,
    ],
    [
      "V34 20 rules at most",
      app({
        restartPolicy: "Never",
        restartPolicyRules: Array(21).fill({ action: "Restart", exitCodes: { operator: "In", values: [1] } }),
      }),
      `${C0}.restartPolicyRules: Too many: 21: must have at most 20 items`,
    ],
    [
      "V34 255 values at most",
      app({
        restartPolicy: "Never",
        restartPolicyRules: [{ action: "Restart", exitCodes: { operator: "In", values: Array(256).fill(1) } }],
      }),
      `${C0}.restartPolicyRules[0].exitCodes.values: Too many: 256: must have at most 255 items`,
    ],
    [
      "V35 resize policy",
      app({
        resizePolicy: [
          { resourceName: "cpu", restartPolicy: "NotRequired" },
          { resourceName: "cpu", restartPolicy: "x" },
        ],
      }),
      `${C0}.resizePolicy[1]: Duplicate value: "cpu"`,
      `${C0}.resizePolicy[1].restartPolicy: Unsupported value: "x": supported values: "NotRequired", "RestartContainer"`,
    ],
    [
      "V35 with restartPolicy Never",
      aManifest(
        { restartPolicy: "Never" },
        { resizePolicy: [{ resourceName: "cpu", restartPolicy: "RestartContainer" }] },
      ),
      `${C0}.resizePolicy[0].restartPolicy: Invalid value: "RestartContainer": must be 'NotRequired' when \`restartPolicy\` is 'Never'`,
    ],
    [
      "V36",
      spec({ ephemeralContainers: [{ name: "e", image: "b" }] }),
      "spec.ephemeralContainers: Forbidden: cannot be set on create",
    ],
    [
      "V39",
      spec({ schedulingGates: [{ name: "g" }] }),
      "spec.schedulingGates: Forbidden: cannot be set together with nodeName, which every static pod has",
    ],
  ]);
});

describe("ports", () => {
  const ports = (...list: Json[]): object => app({ ports: list });
  check([
    [
      "V7 name",
      ports({ name: "a--b", containerPort: 1 }),
      `${C0}.ports[0].name: Invalid value: "a--b": must not contain consecutive hyphens`,
    ],
    [
      "V7 a letter",
      ports({ name: "80", containerPort: 1 }),
      `${C0}.ports[0].name: Invalid value: "80": must contain at least one letter (a-z)`,
    ],
    [
      "V7 15 characters",
      ports({ name: "a".repeat(16), containerPort: 1 }),
      `${C0}.ports[0].name: Invalid value: "${"a".repeat(16)}": must be no more than 15 bytes`,
    ],
    [
      "V7 unique",
      ports({ name: "a", containerPort: 1 }, { name: "a", containerPort: 2 }),
      `${C0}.ports[1].name: Duplicate value: "a"`,
    ],
    ["V8 required", ports({ hostPort: 80 }), `${C0}.ports[0].containerPort: Required value`],
    [
      "V8 range",
      ports({ containerPort: 70_000, hostPort: -1 }),
      `${C0}.ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive`,
      `${C0}.ports[0].hostPort: Invalid value: -1: must be between 1 and 65535, inclusive`,
    ],
    ["V8 hostIP", ports({ containerPort: 80, hostPort: 80, hostIP: "" }, { containerPort: 81, hostIP: "::1" })],
    [
      "V8 hostIP is an address",
      ports({ containerPort: 80, hostPort: 80, hostIP: "localhost" }),
      `${C0}.ports[0].hostIP: Invalid value: "localhost": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)`,
    ],
    ["V8 hostPort 0", ports({ containerPort: 80, hostPort: 0 })],
    [
      "V8 protocol",
      ports({ containerPort: 80, protocol: "tcp" }),
      `${C0}.ports[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"`,
    ],
    [
      "V9 unique over all containers",
      spec({
        containers: [
          { name: "a", image: "b", ports: [{ containerPort: 1, hostPort: 80 }] },
          { name: "b", image: "b", ports: [{ containerPort: 2, hostPort: 80 }] },
        ],
      }),
      'spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//80"',
    ],
    [
      "V9 by protocol and address",
      ports(
        { containerPort: 1, hostPort: 80 },
        { containerPort: 1, hostPort: 80, protocol: "UDP" },
        { containerPort: 1, hostPort: 80, hostIP: "127.0.0.1" },
      ),
    ],
    [
      "V9 init containers on their own",
      aManifest(
        { initContainers: [{ name: "i", image: "b", ports: [{ containerPort: 1, hostPort: 80 }] }] },
        { ports: [{ containerPort: 1, hostPort: 80 }] },
      ),
    ],
    [
      "V10",
      aManifest({ hostNetwork: true }, { ports: [{ containerPort: 80, hostPort: 81 }] }),
      `${C0}.ports[0].containerPort: Invalid value: 80: must match \`hostPort\` when \`hostNetwork\` is true`,
    ],
  ]);
});

describe("environment", () => {
  const env = (variable: Json, more: Json = {}): object => aManifest(more, { env: [variable] });
  const ref = (valueFrom: Json, more: Json = {}): object => env({ name: "A", valueFrom, ...more });
  check([
    ["V11 name required", env({ value: "x" }), `${C0}.env[0].name: Required value`],
    [
      "V11 name",
      env({ name: "A=B" }),
      `${C0}.env[0].name: Invalid value: "A=B": a valid environment variable name must consist only of printable ASCII characters other than '='`,
    ],
    ["V11 a leading digit and blanks are fine", env({ name: "1 a.b" })],
    ["V11 doubles are fine", app({ env: [{ name: "A" }, { name: "A" }] })],
    [
      "V12 none",
      ref({}),
      `${C0}.env[0].valueFrom: Invalid value: "": must specify one of: \`fieldRef\`, \`resourceFieldRef\`, \`configMapKeyRef\`, \`secretKeyRef\`, \`fileKeyRef\``,
    ],
    [
      "V12 two",
      ref({ fieldRef: { fieldPath: "metadata.name" }, resourceFieldRef: { resource: "limits.cpu" } }),
      `${C0}.env[0].valueFrom: Invalid value: "": may not have more than one field specified at a time`,
    ],
    [
      "V12 beside a value",
      ref({ fieldRef: { fieldPath: "metadata.name" } }, { value: "x" }),
      `${C0}.env[0].valueFrom: Invalid value: "": may not be specified when \`value\` is not empty`,
    ],
    [
      "V12 fileKeyRef",
      ref({ fileKeyRef: { volumeName: "v", path: "p", key: "k" } }),
      `${C0}.env[0].valueFrom.fileKeyRef.volumeName: Invalid value: "v": must be the name of an emptyDir volume of the pod`,
    ],
    [
      "V12 fileKeyRef of an emptyDir",
      env(
        { name: "A", valueFrom: { fileKeyRef: { volumeName: "v", path: "p", key: "k" } } },
        { volumes: [{ name: "v" }] },
      ),
    ],
    [
      "V13 known paths",
      app({
        env: [
          "metadata.name",
          "metadata.namespace",
          "metadata.uid",
          "metadata.labels['a']",
          "metadata.annotations['b.c/d']",
          "spec.nodeName",
          "spec.serviceAccountName",
          "status.hostIP",
          "status.hostIPs",
          "status.podIP",
          "status.podIPs",
        ].map((fieldPath, at) => ({ name: `A${at}`, valueFrom: { fieldRef: { fieldPath } } })),
      }),
    ],
    [
      "V13 others",
      ref({ fieldRef: { fieldPath: "metadata.labels" } }),
      expect.stringContaining(
        `${C0}.env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: "metadata.annotations['<KEY>']"`,
      ),
    ],
    [
      "V14 resources",
      ref({ resourceFieldRef: { resource: "limits.gpu" } }),
      `${C0}.env[0].valueFrom.resourceFieldRef.resource: Unsupported value: "limits.gpu": supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"`,
    ],
    [
      "V14 divisors",
      ref({ resourceFieldRef: { resource: "limits.cpu", divisor: "1Mi" } }),
      `${C0}.env[0].valueFrom.resourceFieldRef.divisor: Unsupported value: "1Mi": supported values: "1m", "1"`,
    ],
    ["V14 hugepages and divisors", ref({ resourceFieldRef: { resource: "requests.hugepages-2Mi", divisor: "1Ki" } })],
    [
      "V14 envFrom names a source",
      app({ envFrom: [{ prefix: "a" }] }),
      `${C0}.envFrom[0]: Invalid value: "": must specify one of: \`configMapRef\` or \`secretRef\``,
    ],
  ]);

  it("V11 a value is never repeated", () => {
    expect(JSON.stringify(compile(ref({}, { value: "hunter2" })).problems)).not.toContain("hunter2");
  });
});

describe("volumes and mounts", () => {
  const volume = (source: Json, more: Json = {}): object => spec({ volumes: [{ name: "v", ...source }], ...more });
  const mount = (change: Json, container: Json = {}): object =>
    aManifest(
      { volumes: [{ name: "v" }] },
      { volumeMounts: [{ name: "v", mountPath: "/v", ...change }], ...container },
    );
  const M0 = `${C0}.volumeMounts[0]`;
  check([
    [
      "V15 names",
      spec({ volumes: [{ name: "a.b" }, { name: "c" }, { name: "c" }] }),
      'spec.volumes[0].name: Invalid value: "a.b": must not contain dots',
      'spec.volumes[2].name: Duplicate value: "c"',
    ],
    [
      "V15 one source",
      volume({ emptyDir: {}, hostPath: { path: "/a" } }),
      "spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type",
    ],
    [
      "V15 sizeLimit",
      volume({ emptyDir: { sizeLimit: "-1" } }),
      "spec.volumes[0].emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity",
    ],
    ["V15 hostPath without a path", volume({ hostPath: {} }), "spec.volumes[0].hostPath.path: Required value"],
    [
      "V15 hostPath with ..",
      volume({ hostPath: { path: "/a/../b" } }),
      `spec.volumes[0].hostPath.path: Invalid value: "/a/../b": must not contain '..'`,
    ],
    ["V15 hostPath with dots in names", volume({ hostPath: { path: "/a/..b/c.." } })],
    [
      "V15 hostPath type",
      volume({ hostPath: { path: "/a", type: "Dir" } }),
      'spec.volumes[0].hostPath.type: Unsupported value: "Dir": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
    ],
    [
      "V15 modes",
      volume({
        downwardAPI: { defaultMode: 512, items: [{ path: "a", mode: -1, fieldRef: { fieldPath: "metadata.name" } }] },
      }),
      "spec.volumes[0].downwardAPI.defaultMode: Invalid value: 512: must be between 0 and 511, inclusive",
      "spec.volumes[0].downwardAPI.items[0].mode: Invalid value: -1: must be between 0 and 511, inclusive",
    ],
    [
      "V15 files of the downward API",
      volume({
        downwardAPI: { items: [{ path: "../a", resourceFieldRef: { resource: "limits.cpu", containerName: "x" } }] },
      }),
      `spec.volumes[0].downwardAPI.items[0].path: Invalid value: "../a": must not contain '..'`,
      'spec.volumes[0].downwardAPI.items[0].resourceFieldRef.containerName: Invalid value: "x": must be the name of a container of the pod',
    ],
    [
      "V15 projected paths clash",
      volume({
        projected: {
          sources: [1, 2].map(() => ({
            downwardAPI: { items: [{ path: "a", fieldRef: { fieldPath: "metadata.name" } }] },
          })),
        },
      }),
      'spec.volumes[0].projected.sources: Invalid value: "a": conflicting duplicate paths',
    ],
    ["image volumes name an image", volume({ image: {} }), "spec.volumes[0].image.reference: Required value"],
    ["V16 declared", mount({ name: "w" }), `${M0}.name: Not found: "w"`],
    ["V16 mountPath", mount({ mountPath: "" }), `${M0}.mountPath: Required value`],
    [
      "V16 mountPath unique",
      aManifest(
        { volumes: [{ name: "v" }] },
        {
          volumeMounts: [
            { name: "v", mountPath: "/v" },
            { name: "v", mountPath: "/v" },
          ],
        },
      ),
      `${C0}.volumeMounts[1].mountPath: Invalid value: "/v": must be unique`,
    ],
    [
      "V16 subPath",
      mount({ subPath: "/a/../b" }),
      `${M0}.subPath: Invalid value: "/a/../b": must be a relative path`,
      `${M0}.subPath: Invalid value: "/a/../b": must not contain '..'`,
    ],
    [
      "V16 subPath or its expression",
      mount({ subPath: "a", subPathExpr: "b" }),
      `${M0}.subPathExpr: Invalid value: "b": subPathExpr and subPath are mutually exclusive`,
    ],
    [
      "V16 Bidirectional needs privileges",
      mount({ mountPropagation: "Bidirectional" }),
      `${M0}.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers`,
    ],
    ["V16 Bidirectional", mount({ mountPropagation: "Bidirectional" }, { securityContext: { privileged: true } })],
    [
      "V16 recursiveReadOnly",
      mount({ recursiveReadOnly: "Enabled", mountPropagation: "HostToContainer" }),
      `${M0}.recursiveReadOnly: Forbidden: may only be specified when readOnly is true`,
      `${M0}.recursiveReadOnly: Forbidden: may only be specified when mountPropagation is None or not specified`,
    ],
  ]);
});

describe("resources (V17)", () => {
  const resources = (limits: Json, requests: Json = {}): object => app({ resources: { limits, requests } });
  const R = `${C0}.resources`;
  check([
    [
      "names",
      resources({ gpu: "1" }),
      `${R}.limits[gpu]: Invalid value: "gpu": must be a standard resource for containers`,
      `${R}.requests[gpu]: Invalid value: "gpu": must be a standard resource for containers`,
    ],
    [
      "extended resources are whole",
      resources({ "a.b/gpu": "500m" }),
      `${R}.limits[a.b/gpu]: Invalid value: "500m": must be an integer`,
      `${R}.requests[a.b/gpu]: Invalid value: "500m": must be an integer`,
      `${R}.limits[a.b/gpu]: Forbidden: nothing on this host provides a.b/gpu`,
    ],
    [
      "negative",
      resources({}, { cpu: "-1" }),
      `${R}.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0`,
    ],
    [
      "request within limit",
      resources({ memory: "1Gi" }, { memory: "2Gi" }),
      `${R}.requests[memory]: Invalid value: "2Gi": must be less than or equal to memory limit of 1Gi`,
    ],
    ["equal by value, not by text", resources({ cpu: "1" }, { cpu: "1000m" })],
    [
      "extended: equal",
      resources({ "a.b/gpu": "2" }, { "a.b/gpu": "1" }),
      `${R}.requests[a.b/gpu]: Invalid value: "1": must be equal to a.b/gpu limit of 2`,
      `${R}.limits[a.b/gpu]: Forbidden: nothing on this host provides a.b/gpu`,
    ],
    [
      "extended: limit required",
      resources({}, { "a.b/gpu": "1" }),
      `${R}.limits: Required value: Limit must be set for non overcommitable resources`,
      `${R}.requests[a.b/gpu]: Forbidden: nothing on this host provides a.b/gpu`,
    ],
    [
      "nobody hands out devices here",
      resources({ "a.b/gpu": "1" }, { "a.b/gpu": "1" }),
      `${R}.limits[a.b/gpu]: Forbidden: nothing on this host provides a.b/gpu`,
    ],
    [
      "hugepages need company",
      resources({ "hugepages-2Mi": "2Mi" }),
      `${R}: Forbidden: HugePages require cpu or memory`,
    ],
    ["hugepages with memory", resources({ "hugepages-2Mi": "2Mi", memory: "1Gi" })],
    [
      "of the pod",
      spec({ resources: { limits: { "ephemeral-storage": "1Gi" } } }),
      'spec.resources.limits[ephemeral-storage]: Invalid value: "ephemeral-storage": must be cpu, memory or hugepages-*, at the level of the pod',
      'spec.resources.requests[ephemeral-storage]: Invalid value: "ephemeral-storage": must be cpu, memory or hugepages-*, at the level of the pod',
    ],
  ]);
});

describe("the pod", () => {
  check([
    [
      "V18 restart policy",
      spec({ restartPolicy: "always" }),
      'spec.restartPolicy: Unsupported value: "always": supported values: "Always", "OnFailure", "Never"',
    ],
    [
      "V18 DNS policy",
      spec({ dnsPolicy: "x" }),
      'spec.dnsPolicy: Unsupported value: "x": supported values: "ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"',
    ],
    [
      "V18 None needs a server",
      spec({ dnsPolicy: "None" }),
      "spec.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None",
    ],
    [
      "V19 servers",
      spec({ dnsConfig: { nameservers: ["1.1.1.1", "::1", "1.1.1", "8.8.8.8"] } }),
      "spec.dnsConfig.nameservers: Invalid value: 4: must not have more than 3 nameservers",
      'spec.dnsConfig.nameservers[2]: Invalid value: "1.1.1": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ],
    [
      "V19 searches",
      spec({ dnsConfig: { searches: Array(33).fill("a.b") } }),
      "spec.dnsConfig.searches: Invalid value: 33: must not have more than 32 search paths",
    ],
    [
      "V19 characters",
      spec({ dnsConfig: { searches: Array(20).fill(`${"a".repeat(60)}.${"a".repeat(60)}`) } }),
      "spec.dnsConfig.searches: Invalid value: 20: must not have more than 2048 characters",
    ],
    ["V19 search names", spec({ dnsConfig: { searches: [".", "a_b.c."] } })],
    [
      "V19 options",
      spec({ dnsConfig: { options: [{ value: "5" }] } }),
      "spec.dnsConfig.options[0]: Required value: must not be empty",
    ],
    [
      "V20",
      spec({ activeDeadlineSeconds: 0 }),
      "spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive",
    ],
    [
      "grace below zero",
      spec({ terminationGracePeriodSeconds: -1 }),
      "spec.terminationGracePeriodSeconds: Invalid value: -1: must be greater than or equal to 0",
    ],
    [
      "V21 hostname",
      spec({ hostname: "a.b", subdomain: "c_d" }),
      'spec.hostname: Invalid value: "a.b": must not contain dots',
      `spec.subdomain: Invalid value: "c_d": ${LABEL}`,
    ],
    [
      "V21 override",
      spec({ hostnameOverride: "a.b", hostNetwork: true }),
      "spec.hostnameOverride: Forbidden: may not be set when `hostNetwork` is true",
    ],
    [
      "V21 override's length",
      spec({ hostnameOverride: "a".repeat(65) }),
      expect.stringContaining("spec.hostnameOverride: Invalid value"),
    ],
    [
      "V22 aliases",
      spec({ hostAliases: [{ ip: "x", hostnames: ["A"] }] }),
      'spec.hostAliases[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      `spec.hostAliases[0].hostnames[0]: Invalid value: "A": ${SUBDOMAIN}`,
    ],
    [
      "V22 readiness gates",
      spec({ readinessGates: [{ conditionType: "a b" }] }),
      expect.stringContaining("spec.readinessGates[0].conditionType: Invalid value"),
    ],
    [
      "V23 empty key",
      spec({ tolerations: [{ value: "x" }] }),
      'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means match all keys',
    ],
    [
      "V23 seconds",
      spec({ tolerations: [{ key: "a", operator: "Exists", tolerationSeconds: 1 }] }),
      `spec.tolerations[0].effect: Invalid value: "": effect must be 'NoExecute' when \`tolerationSeconds\` is set`,
    ],
    [
      "V23 Exists has no value",
      spec({ tolerations: [{ key: "a", operator: "Exists", value: "b" }] }),
      `spec.tolerations[0].operator: Invalid value: "b": value must be empty when \`operator\` is 'Exists'`,
    ],
    [
      "node selector",
      spec({ nodeSelector: { "a b": "c" } }),
      expect.stringContaining("spec.nodeSelector[a b]: Invalid value"),
    ],
    [
      "other systems",
      spec({ os: { name: "windows" } }),
      'spec.os.name: Unsupported value: "windows": supported values: "linux"',
    ],
  ]);
});

describe("security (V24)", () => {
  const pod = (securityContext: Json, more: Json = {}): object => spec({ securityContext, ...more });
  const own = (securityContext: Json): object => app({ securityContext });
  const S = `${C0}.securityContext`;
  check([
    [
      "ids",
      pod({ runAsUser: -1, fsGroup: 2_147_483_648 }),
      "spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive",
      "spec.securityContext.fsGroup: Invalid value: 2147483648: must be between 0 and 2147483647, inclusive",
    ],
    [
      "escalation and privileges",
      own({ allowPrivilegeEscalation: false, privileged: true }),
      `${S}: Invalid value: false: cannot set \`allowPrivilegeEscalation\` to false and \`privileged\` to true`,
    ],
    [
      "escalation and CAP_SYS_ADMIN",
      own({ allowPrivilegeEscalation: false, capabilities: { add: ["CAP_SYS_ADMIN"] } }),
      `${S}: Invalid value: false: cannot set \`allowPrivilegeEscalation\` to false and \`capabilities.Add\` CAP_SYS_ADMIN`,
    ],
    [
      "procMount",
      own({ procMount: "Unmasked" }),
      `${S}.procMount: Invalid value: "Unmasked": \`hostUsers\` must be false to use \`Unmasked\``,
    ],
    [
      "one namespace of processes",
      spec({ shareProcessNamespace: true, hostPID: true }),
      "spec.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled",
    ],
    [
      "user namespaces",
      spec({ hostUsers: false, hostNetwork: true, hostIPC: true }),
      "spec.hostNetwork: Forbidden: when `hostUsers` is false",
      "spec.hostIPC: Forbidden: when `hostUsers` is false",
    ],
    [
      "sysctls of the host's network",
      pod({ sysctls: [{ name: "net.core.somaxconn", value: "1" }] }, { hostNetwork: true }),
      `spec.securityContext.sysctls[0].name: Invalid value: "net.core.somaxconn": may not be specified when 'hostNetwork' is set to true`,
    ],
    [
      "sysctls of the host's IPC",
      pod({ sysctls: [{ name: "kernel/shm_rmid_forced", value: "1" }] }, { hostIPC: true }),
      `spec.securityContext.sysctls[0].name: Invalid value: "kernel/shm_rmid_forced": may not be specified when 'hostIPC' is set to true`,
    ],
    [
      "sysctls twice",
      pod({
        sysctls: [
          { name: "a.b", value: "1" },
          { name: "a.b", value: "1" },
        ],
      }),
      'spec.securityContext.sysctls[1].name: Duplicate value: "a.b"',
    ],
    [
      "profiles",
      own({
        seccompProfile: { type: "Localhost" },
        appArmorProfile: { type: "RuntimeDefault", localhostProfile: "x" },
      }),
      `${S}.seccompProfile.localhostProfile: Required value: must be set when profile type is Localhost`,
      `${S}.appArmorProfile.localhostProfile: Invalid value: "x": can only be set when type is Localhost`,
    ],
    [
      "V24 a seccomp profile outside of its directory",
      app({ securityContext: { seccompProfile: { type: "Localhost", localhostProfile: "../../etc/x" } } }),
      `${S}.seccompProfile.localhostProfile: Invalid value: "../../etc/x": must not contain '..'`,
    ],
  ]);
});

describe("handlers", () => {
  const probe = (change: Json, kind = "livenessProbe"): object => app({ [kind]: change });
  const hook = (preStop: Json, more: Json = {}): object => aManifest(more, { lifecycle: { preStop } });
  const http = { httpGet: { port: 80 } };
  const L = `${C0}.livenessProbe`;
  check([
    ["V25 none", probe({}), `${L}: Required value: must specify a handler type`],
    [
      "V26 port",
      probe({ httpGet: { port: 0 } }),
      `${L}.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive`,
    ],
    [
      "V26 port name",
      probe({ httpGet: { port: "HTTP" } }),
      `${L}.httpGet.port: Invalid value: "HTTP": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)`,
      `${L}.httpGet.port: Invalid value: "HTTP": must contain at least one letter (a-z)`,
    ],
    ["V26 a named port need not exist", probe({ httpGet: { port: "web" } })],
    [
      "V26 scheme",
      probe({ httpGet: { port: 80, scheme: "https" } }),
      `${L}.httpGet.scheme: Unsupported value: "https": supported values: "HTTP", "HTTPS"`,
    ],
    [
      "V26 headers",
      probe({ httpGet: { port: 80, httpHeaders: [{ name: "a b", value: "" }] } }),
      expect.stringContaining(`${L}.httpGet.httpHeaders[0].name: Invalid value: "a b"`),
    ],
    ["V27 command", probe({ exec: { command: [] } }), `${L}.exec.command: Required value`],
    ["V27 tcp port", probe({ tcpSocket: {} }), `${L}.tcpSocket.port: Required value`],
    [
      "V27 grpc port is a number",
      probe({ grpc: { port: "web" } }),
      `${L}.grpc.port: Invalid value: must be a whole number, not a text`,
    ],
    ["V28 sleep within the grace period", hook({ sleep: { seconds: 30 } })],
    [
      "V28 sleep beyond it",
      hook({ sleep: { seconds: 6 } }, { terminationGracePeriodSeconds: 5 }),
      `${C0}.lifecycle.preStop.sleep: Invalid value: 6: must be non-negative and less than terminationGracePeriodSeconds (5)`,
    ],
    [
      "V28 not in probes",
      probe({ sleep: { seconds: 1 } }),
      `${L}.sleep: unknown field \`${L}.sleep\``,
      `${L}: Required value: must specify a handler type`,
    ],
    [
      "V29",
      probe({ ...http, initialDelaySeconds: -1, periodSeconds: -1 }),
      `${L}.initialDelaySeconds: Invalid value: -1: must be greater than or equal to 0`,
      `${L}.periodSeconds: Invalid value: -1: must be greater than or equal to 0`,
    ],
    [
      "V29 zeros are defaults",
      probe({ ...http, periodSeconds: 0, timeoutSeconds: 0, failureThreshold: 0, successThreshold: 0 }),
    ],
    ["V30 liveness", probe({ ...http, successThreshold: 2 }), `${L}.successThreshold: Invalid value: 2: must be 1`],
    ["V30 readiness", probe({ ...http, successThreshold: 2 }, "readinessProbe")],
    [
      "V31 grace",
      probe({ ...http, terminationGracePeriodSeconds: 0 }),
      `${L}.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0`,
    ],
    ["V31 longer than the pod's", probe({ ...http, terminationGracePeriodSeconds: 300 })],
    [
      "V31 readiness",
      probe({ ...http, terminationGracePeriodSeconds: 1 }, "readinessProbe"),
      `${C0}.readinessProbe.terminationGracePeriodSeconds: Forbidden: must not be set for readinessProbes`,
    ],
    [
      "V32 init containers",
      init({ livenessProbe: http, lifecycle: {} }),
      `${I0}.lifecycle: Forbidden: may not be set for init containers without restartPolicy=Always`,
      `${I0}.livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always`,
    ],
    [
      "V32 sidecars",
      init({ restartPolicy: "Always", livenessProbe: http, lifecycle: { preStop: { exec: { command: ["a"] } } } }),
    ],
    [
      "V37 a signal of the pod's own",
      aManifest({ os: { name: "linux" } }, { lifecycle: { stopSignal: "SIGRTMAX-14" } }),
    ],
    [
      "V37 a signal of no system",
      aManifest({}, { lifecycle: { stopSignal: "SIGINT" } }),
      `${C0}.lifecycle.stopSignal: Forbidden: may not be set for containers with empty \`spec.os.name\``,
    ],
    ["V27 a hook with tcpSocket passes", hook({ tcpSocket: { port: 80 } })],
  ]);
});

it("all faults of a pod come together, each at its place", () => {
  const text = [
    "apiVersion: v1",
    "kind: Pod",
    "metadata:",
    "  name: Web",
    "spec:",
    "  restartPolicy: Sometimes",
    "  containers:",
    "  - name: app",
    "    ports:",
    "    - containerPort: 99999",
  ].join("\n");
  expect(compile(text).problems.map(({ line, column, path }) => `${line}:${column} ${path}`)).toEqual([
    "4:3 metadata.name",
    "6:3 spec.restartPolicy",
    "8:5 spec.containers[0].image",
    "10:7 spec.containers[0].ports[0].containerPort",
  ]);
});
