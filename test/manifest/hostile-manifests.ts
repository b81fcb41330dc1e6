import { aManifest } from "./kit.ts";

type Json = { [name: string]: unknown };
const C = "spec.containers[0]";
const V = "spec.volumes[0]";
const PARENT = "must not contain '..'";
const LABEL = "RFC 1123 label";
const SUBDOMAIN = "RFC 1123 subdomain";

const spec = (change: Json): Json => aManifest(change);
const inContainer = (change: Json): Json => aManifest({}, change);
/** A manifest with these metadata. */
export const metadata = (change: Json): Json => aManifest({}, {}, change);
const volume = (source: Json, name = "v"): Json => aManifest({ volumes: [{ name, ...source }] });
const mount = (change: Json): Json =>
  aManifest({ volumes: [{ name: "v" }] }, { volumeMounts: [{ name: "v", mountPath: "/v", ...change }] });
const variable = (valueFrom: Json): Json =>
  aManifest({ volumes: [{ name: "v" }] }, { env: [{ name: "A", valueFrom }] });
const port = (change: Json): Json => inContainer({ ports: [{ containerPort: 80, ...change }] });
const alias = (change: Json): Json => spec({ hostAliases: [{ ip: "10.0.0.1", hostnames: ["a"], ...change }] });
/** So many of something. */
export const many = (count: number, of: (at: number) => unknown): unknown[] =>
  Array.from({ length: count }, (_, at) => of(at));

/** What tries to get out of its place: the manifest, the field that is named, and some words of what is said of it. */
export const REFUSED: readonly [string, Json, string, string][] = [
  ["a pod's name with a way up", metadata({ name: "../../etc" }), "metadata.name", SUBDOMAIN],
  ["a pod's name with a slash", metadata({ name: "a/b" }), "metadata.name", SUBDOMAIN],
  ["a pod's name with a NUL", metadata({ name: "a\0b" }), "metadata.name", SUBDOMAIN],
  ["a pod's name with a line end", metadata({ name: "a\n" }), "metadata.name", SUBDOMAIN],
  ["a pod's name that is too long with the node's", metadata({ name: "a".repeat(250) }), "metadata.name", "253"],
  ["a namespace with a way up", metadata({ namespace: ".." }), "metadata.namespace", LABEL],
  ["a namespace with a slash", metadata({ namespace: "a/../../b" }), "metadata.namespace", LABEL],
  ["a uid with a way up", metadata({ uid: "../../../etc" }), "metadata.uid", "alphanumeric"],
  ["a uid with a slash", metadata({ uid: "a/b" }), "metadata.uid", "alphanumeric"],
  ["a uid of dots", metadata({ uid: ".." }), "metadata.uid", "alphanumeric"],
  ["a uid longer than a file's name", metadata({ uid: "a".repeat(300) }), "metadata.uid", "at most 64"],
  ["a label's key with a way up", metadata({ labels: { "../a": "b" } }), "metadata.labels[../a]", "prefix part"],
  ["a label's value with a line end", metadata({ labels: { a: "b\nc" } }), "metadata.labels[a]", "valid label"],
  ["a label's value of 1 MiB", metadata({ labels: { a: "b".repeat(1 << 20) } }), "metadata.labels[a]", "63 bytes"],
  ["annotations of 1 MiB", metadata({ annotations: { a: "b".repeat(1 << 20) } }), "metadata.annotations", "Too long"],
  [
    "an annotation's key with slashes",
    metadata({ annotations: { "a/b/c": "" } }),
    "metadata.annotations[a/b/c]",
    "'/'",
  ],
  ["a container's name with a way up", inContainer({ name: "../x" }), `${C}.name`, LABEL],
  ["a container's name of dots", inContainer({ name: ".." }), `${C}.name`, LABEL],
  ["a volume's name with a way up", volume({}, "../x"), `${V}.name`, LABEL],
  ["a volume's name with a NUL", volume({}, "a\0"), `${V}.name`, LABEL],
  ["a host path with a way up", volume({ hostPath: { path: "/srv/../etc" } }), `${V}.hostPath.path`, PARENT],
  ["a host path that ends in a way up", volume({ hostPath: { path: "/srv/.." } }), `${V}.hostPath.path`, PARENT],
  ["a host path of no known type", volume({ hostPath: { path: "/", type: "Any" } }), `${V}.hostPath.type`, "supported"],
  ["a subPath with a way up", mount({ subPath: "a/../../etc" }), `${C}.volumeMounts[0].subPath`, PARENT],
  ["a subPath from the root", mount({ subPath: "/etc" }), `${C}.volumeMounts[0].subPath`, "relative"],
  ["a subPathExpr with a way up", mount({ subPathExpr: "$(A)/.." }), `${C}.volumeMounts[0].subPathExpr`, PARENT],
  ["a subPathExpr from the root", mount({ subPathExpr: "/$(A)" }), `${C}.volumeMounts[0].subPathExpr`, "relative"],
  [
    "mounts back into the host",
    mount({ mountPropagation: "Bidirectional" }),
    `${C}.volumeMounts[0].mountPropagation`,
    "privileged",
  ],
  [
    "an item of a ConfigMap with a way up",
    volume({ configMap: { name: "c", items: [{ key: "k", path: "../x" }] } }),
    ...([`${V}.configMap.items[0].path`, PARENT] as const),
  ],
  [
    "an item of a ConfigMap that would be the atomic link",
    volume({ configMap: { name: "c", items: [{ key: "k", path: "..data" }] } }),
    ...([`${V}.configMap.items[0].path`, "must not start with '..'"] as const),
  ],
  [
    "an item of a Secret from the root",
    volume({ secret: { secretName: "s", items: [{ key: "k", path: "/etc/shadow" }] } }),
    ...([`${V}.secret.items[0].path`, "relative"] as const),
  ],
  ["a Secret's name with a way up", volume({ secret: { secretName: "../s" } }), `${V}.secret.secretName`, SUBDOMAIN],
  ["a ConfigMap's name with a slash", volume({ configMap: { name: "a/b" } }), `${V}.configMap.name`, SUBDOMAIN],
  [
    "a mode with set-uid",
    volume({ configMap: { name: "c", defaultMode: 0o4755 } }),
    `${V}.configMap.defaultMode`,
    "511",
  ],
  [
    "a file of the downward API with a way up",
    volume({ downwardAPI: { items: [{ path: "../../x", fieldRef: { fieldPath: "metadata.name" } }] } }),
    ...([`${V}.downwardAPI.items[0].path`, PARENT] as const),
  ],
  [
    "a projected file with a way up",
    volume({ projected: { sources: [{ secret: { name: "s", items: [{ key: "k", path: "a/../../x" }] } }] } }),
    ...([`${V}.projected.sources[0].secret.items[0].path`, PARENT] as const),
  ],
  [
    "a file of variables with a way up",
    variable({ fileKeyRef: { volumeName: "v", path: "../../etc/shadow", key: "A" } }),
    ...([`${C}.env[0].valueFrom.fileKeyRef.path`, PARENT] as const),
  ],
  [
    "a key of a ConfigMap with a way up",
    variable({ configMapKeyRef: { name: "c", key: "../k" } }),
    `${C}.env[0].valueFrom.configMapKeyRef.key`,
    "config key",
  ],
  ["a variable's name with =", inContainer({ env: [{ name: "LD_PRELOAD=x" }] }), `${C}.env[0].name`, "printable"],
  ["a variable's name with a NUL", inContainer({ env: [{ name: "A\0B" }] }), `${C}.env[0].name`, "printable"],
  [
    "a seccomp profile outside the profiles",
    inContainer({ securityContext: { seccompProfile: { type: "Localhost", localhostProfile: "../../etc/passwd" } } }),
    ...([`${C}.securityContext.seccompProfile.localhostProfile`, PARENT] as const),
  ],
  [
    "a seccomp profile from the root",
    spec({ securityContext: { seccompProfile: { type: "Localhost", localhostProfile: "/etc/passwd" } } }),
    ...(["spec.securityContext.seccompProfile.localhostProfile", "relative"] as const),
  ],
  [
    "a host alias's name with a line end",
    alias({ hostnames: ["a\n10.0.0.9 b"] }),
    "spec.hostAliases[0].hostnames[0]",
    SUBDOMAIN,
  ],
  ["a host alias's address with a line end", alias({ ip: "::1\n2" }), "spec.hostAliases[0].ip", "IP address"],
  ["a host alias's address with a tab", alias({ ip: "::1\t2" }), "spec.hostAliases[0].ip", "IP address"],
  [
    "a name server with a line end",
    spec({ dnsConfig: { nameservers: ["::1\n::2"] } }),
    "spec.dnsConfig.nameservers[0]",
    "IP address",
  ],
  [
    "a search path with a line end",
    spec({ dnsConfig: { searches: ["a\nnameserver b"] } }),
    "spec.dnsConfig.searches[0]",
    SUBDOMAIN,
  ],
  ["a host name with a way up", spec({ hostname: "../h" }), "spec.hostname", LABEL],
  ["a subdomain with a slash", spec({ subdomain: "a/b" }), "spec.subdomain", LABEL],
  ["a host name override with a way up", spec({ hostnameOverride: "../h" }), "spec.hostnameOverride", SUBDOMAIN],
  [
    "a sysctl with a way up",
    spec({ securityContext: { sysctls: [{ name: "net/../vm/x", value: "1" }] } }),
    "spec.securityContext.sysctls[0].name",
    "lower case",
  ],
  ["a port above all ports", port({ containerPort: 65_536 }), `${C}.ports[0].containerPort`, "65535"],
  ["a port below all ports", port({ hostPort: -1 }), `${C}.ports[0].hostPort`, "65535"],
  ["a port that is no whole number", port({ containerPort: 80.5 }), `${C}.ports[0].containerPort`, ""],
  ["a port of 2^53", port({ containerPort: 2 ** 53 }), `${C}.ports[0].containerPort`, ""],
  [
    "a user below all users",
    inContainer({ securityContext: { runAsUser: -1 } }),
    `${C}.securityContext.runAsUser`,
    "2147483647",
  ],
  [
    "a user above all users",
    inContainer({ securityContext: { runAsUser: 2 ** 31 } }),
    `${C}.securityContext.runAsUser`,
    "2147483647",
  ],
  [
    "a group above all groups",
    spec({ securityContext: { fsGroup: 2 ** 32 } }),
    "spec.securityContext.fsGroup",
    "2147483647",
  ],
  ["a grace below zero", spec({ terminationGracePeriodSeconds: -1 }), "spec.terminationGracePeriodSeconds", "0"],
  [
    "a deadline above all numbers",
    spec({ activeDeadlineSeconds: 2 ** 40 }),
    "spec.activeDeadlineSeconds",
    "2147483647",
  ],
  [
    "memory below zero",
    inContainer({ resources: { limits: { memory: "-1Gi" } } }),
    `${C}.resources.limits[memory]`,
    "0",
  ],
  [
    "a size below zero",
    volume({ emptyDir: { medium: "Memory", sizeLimit: "-1" } }),
    `${V}.emptyDir.sizeLimit`,
    "quantity",
  ],
];

/** What is strange but may be: it stays in its place, and costs no more than itself. */
export const HARMLESS: readonly [string, Json][] = [
  ["10,000 variables", inContainer({ env: many(10_000, (at) => ({ name: `A${at}`, value: "$(A0)" })) })],
  ["10,000 arguments", inContainer({ args: many(10_000, () => "$(") })],
  ["a way up inside the container", mount({ mountPath: "/../../v" })],
  ["a working directory with a way up", inContainer({ workingDir: "/../../etc" })],
  ["a termination log with a way up", inContainer({ terminationMessagePath: "/../../etc/shadow" })],
  [
    "a deep nest of variables",
    inContainer({ env: many(500, (at) => ({ name: `A${at}`, value: `$(A${at - 1})$(A${at - 1})` })).slice(0, 12) }),
  ],
  [
    "labels that look like the agent's own",
    metadata({ labels: { "io.kubernetes.pod.uid": "x", "berth.dev/owner": "y" } }),
  ],
  ["annotations just below the limit", metadata({ annotations: { a: "b".repeat(200_000) } })],
  ["a command that looks like a shell's", inContainer({ command: ["$(rm -rf /)", "`id`", "; reboot", "$HOME"] })],
];
