import { inScenario, inSpec, type Proof, shownBy } from "./proof.ts";

const security = (fields: object) => ({ securityContext: fields });
const affinity = (terms: unknown) => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } },
});
const expression = (change: object) =>
  affinity({ nodeSelectorTerms: [{ matchExpressions: [{ key: "zone", operator: "In", values: ["a"], ...change }] }] });
const fits = { nodeSelectorTerms: [{ matchExpressions: [{ key: "zone", operator: "In", values: ["a"] }] }] };
const fitsNot = { nodeSelectorTerms: [{ matchExpressions: [{ key: "zone", operator: "In", values: ["b"] }] }] };
const dns = (fields: object) => ({ dnsPolicy: "None", dnsConfig: { nameservers: ["192.0.2.1"], ...fields } });
const sysctl = (change: object) => security({ sysctls: [{ name: "net.ipv4.tcp_syncookies", value: "1", ...change }] });
const STATUS = "test/decide/status.test.ts";

/** Fields of the pod as a whole. */
export const POD_PROOFS: Readonly<Record<string, Proof>> = {
  "PodSpec.activeDeadlineSeconds": inScenario(
    "ending-deadline",
    "activeDeadlineSeconds: 20",
    "activeDeadlineSeconds: 15",
  ),
  "PodSpec.affinity": inSpec((terms) => affinity(terms), fits, fitsNot, "admission.reason"),
  "PodSpec.containers": inSpec((name) => ({ containers: [{ name, image: "i" }] }), "x", "y", "x.config"),
  "PodSpec.dnsConfig": inSpec(
    (nameservers) => dns({ nameservers }),
    ["192.0.2.1"],
    ["192.0.2.2"],
    "sandbox.dns_config",
  ),
  "PodSpec.dnsPolicy": inSpec((dnsPolicy) => ({ dnsPolicy }), "Default", "ClusterFirst", "sandbox.dns_config"),
  "PodSpec.hostAliases": inSpec(
    (ip) => ({ hostAliases: [{ ip, hostnames: ["a"] }] }),
    "192.0.2.1",
    "192.0.2.2",
    "hosts",
  ),
  "PodSpec.hostIPC": inSpec(
    (hostIPC) => ({ hostIPC }),
    false,
    true,
    "app.config.linux.security_context.namespace_options.ipc",
  ),
  "PodSpec.hostNetwork": inSpec(
    (hostNetwork) => ({ hostNetwork }),
    ...([false, true, "sandbox.linux.security_context.namespace_options.network"] as const),
  ),
  "PodSpec.hostPID": inSpec(
    (hostPID) => ({ hostPID }),
    false,
    true,
    "app.config.linux.security_context.namespace_options.pid",
  ),
  "PodSpec.hostUsers": inSpec(
    (hostUsers) => ({ hostUsers }),
    ...([true, false, "sandbox.linux.security_context.namespace_options.userns_options"] as const),
  ),
  "PodSpec.hostname": inSpec((hostname) => ({ hostname }), "one", "other", "sandbox.hostname"),
  "PodSpec.hostnameOverride": inSpec((hostnameOverride) => ({ hostnameOverride }), "one", "other", "sandbox.hostname"),
  "PodSpec.imagePullSecrets": shownBy(
    "test/agent/perform-pull.test.ts",
    "hands over the pod's secrets that are there",
    '[{ name: "one" }, { name: "gone" }]',
  ),
  "LocalObjectReference.name": shownBy(
    "test/agent/perform-pull.test.ts",
    "hands over the pod's secrets that are there",
    '[{ name: "gone" }]',
  ),
  "PodSpec.initContainers": inSpec((name) => ({ initContainers: [{ name, image: "i" }] }), "x", "y", "x.config"),
  "PodSpec.nodeSelector": inSpec((zone) => ({ nodeSelector: { zone } }), "a", "b", "admission.reason"),
  "PodSpec.os": shownBy("test/decide/node-plan.test.ts", "another system", 'os: { name: "windows" }'),
  "PodSpec.priorityClassName": inSpec(
    (priorityClassName) => ({ priorityClassName }),
    ...["other", "system-node-critical", "app.config.linux.resources.oom_score_adj"],
  ),
  "PodSpec.readinessGates": shownBy(
    STATUS,
    "Ready waits for readiness gates, whose conditions belong to others",
    "readinessGates: [",
  ),
  "PodSpec.resources": inSpec(
    (memory) => ({ resources: { limits: { memory } } }),
    ...["1Gi", "2Gi", "sandbox.linux.resources.memory_limit_in_bytes"],
  ),
  "PodSpec.restartPolicy": inScenario("ending-completed", "restartPolicy: OnFailure", "restartPolicy: Always"),
  "PodSpec.securityContext": inSpec((runAsUser) => security({ runAsUser }), 1, 2, "sandbox.linux.security_context"),
  "PodSpec.setHostnameAsFQDN": inSpec(
    (setHostnameAsFQDN) => ({ setHostnameAsFQDN, hostname: "h", subdomain: "s" }),
    ...([false, true, "sandbox.hostname"] as const),
  ),
  "PodSpec.shareProcessNamespace": inSpec(
    (shareProcessNamespace) => ({ shareProcessNamespace }),
    ...([false, true, "app.config.linux.security_context.namespace_options.pid"] as const),
  ),
  "PodSpec.subdomain": inSpec((subdomain) => ({ subdomain }), "one", "other", "hosts"),
  "PodSpec.terminationGracePeriodSeconds": inSpec(
    (terminationGracePeriodSeconds) => ({ terminationGracePeriodSeconds }),
    ...([5, 6, "app.config.annotations.io.kubernetes.pod.terminationGracePeriod"] as const),
  ),
  "PodSpec.volumes": inSpec((name) => ({ volumes: [{ name, configMap: { name: "one" } }] }), "x", "y", "volumes.x"),
  "PodDNSConfig.nameservers": inSpec(
    (nameservers) => dns({ nameservers }),
    ["192.0.2.1"],
    ["::1"],
    "sandbox.dns_config.servers",
  ),
  "PodDNSConfig.options": inSpec(
    (name) => dns({ options: [{ name }] }),
    "rotate",
    "debug",
    "sandbox.dns_config.options",
  ),
  "PodDNSConfig.searches": inSpec(
    (one) => dns({ searches: [one] }),
    "a.example",
    "b.example",
    "sandbox.dns_config.searches",
  ),
  "PodDNSConfigOption.name": inSpec(
    (name) => dns({ options: [{ name, value: "1" }] }),
    "ndots",
    "x",
    "sandbox.dns_config.options",
  ),
  "PodDNSConfigOption.value": inSpec(
    (value) => dns({ options: [{ name: "ndots", value }] }),
    "1",
    "2",
    "sandbox.dns_config.options",
  ),
  "HostAlias.hostnames": inSpec(
    (name) => ({ hostAliases: [{ ip: "192.0.2.1", hostnames: [name] }] }),
    "a",
    "b",
    "hosts",
  ),
  "HostAlias.ip": inSpec((ip) => ({ hostAliases: [{ ip, hostnames: ["a"] }] }), "192.0.2.1", "::2", "hosts"),
  "PodOS.name": shownBy("test/decide/node-plan.test.ts", "another system", 'name: "windows"'),
  "PodReadinessGate.conditionType": shownBy(
    STATUS,
    "Ready waits for readiness gates, whose conditions belong to others",
    'conditionType: "x/b"',
  ),
  "Affinity.nodeAffinity": inSpec((terms) => affinity(terms), fits, fitsNot, "admission.reason"),
  "NodeAffinity.requiredDuringSchedulingIgnoredDuringExecution": inSpec(
    (terms) => affinity(terms),
    fits,
    fitsNot,
    "admission.reason",
  ),
  "NodeSelector.nodeSelectorTerms": inSpec((terms) => affinity(terms), fits, fitsNot, "admission.reason"),
  "NodeSelectorTerm.matchExpressions": inSpec((terms) => affinity(terms), fits, fitsNot, "admission.reason"),
  "NodeSelectorTerm.matchFields": inSpec(
    (name) =>
      affinity({ nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: [name] }] }] }),
    ...["Node1", "other", "admission.reason"],
  ),
  "NodeSelectorRequirement.key": inSpec((key) => expression({ key }), "zone", "other", "admission.reason"),
  "NodeSelectorRequirement.operator": inSpec((operator) => expression({ operator }), "In", "NotIn", "admission.reason"),
  "NodeSelectorRequirement.values": inSpec((value) => expression({ values: [value] }), "a", "b", "admission.reason"),
  "PodSecurityContext.appArmorProfile": inSpec(
    (type) => security({ appArmorProfile: { type } }),
    ...["RuntimeDefault", "Unconfined", "app.config.linux.security_context.apparmor_profile"],
  ),
  "PodSecurityContext.fsGroup": inSpec(
    (fsGroup) => security({ fsGroup }),
    ...([5, 6, "app.config.linux.security_context.supplemental_groups"] as const),
  ),
  "PodSecurityContext.runAsGroup": inSpec(
    (runAsGroup) => security({ runAsGroup }),
    ...([5, 6, "app.config.linux.security_context.run_as_group"] as const),
  ),
  "PodSecurityContext.runAsNonRoot": inSpec((runAsNonRoot) => security({ runAsNonRoot }), false, true, "app.root"),
  "PodSecurityContext.runAsUser": inSpec(
    (runAsUser) => security({ runAsUser }),
    ...([5, 6, "app.config.linux.security_context.run_as_user"] as const),
  ),
  "PodSecurityContext.seLinuxOptions": inSpec(
    (level) => security({ seLinuxOptions: { level } }),
    ...["s0", "s1", "app.config.linux.security_context.selinux_options.level"],
  ),
  "PodSecurityContext.seccompProfile": inSpec(
    (type) => security({ seccompProfile: { type } }),
    ...["RuntimeDefault", "Unconfined", "app.config.linux.security_context.seccomp"],
  ),
  "PodSecurityContext.supplementalGroups": inSpec(
    (group) => security({ supplementalGroups: [group] }),
    ...([5, 6, "sandbox.linux.security_context.supplemental_groups"] as const),
  ),
  "PodSecurityContext.supplementalGroupsPolicy": inSpec(
    (supplementalGroupsPolicy) => security({ supplementalGroupsPolicy }),
    ...["Merge", "Strict", "app.config.linux.security_context.supplemental_groups_policy"],
  ),
  "PodSecurityContext.sysctls": inSpec((value) => sysctl({ value }), "0", "1", "sandbox.linux.sysctls"),
  "Sysctl.name": inSpec(
    (name) => sysctl({ name }),
    "net.ipv4.tcp_syncookies",
    "kernel.shm_rmid_forced",
    "sandbox.linux.sysctls",
  ),
  "Sysctl.value": inSpec((value) => sysctl({ value }), "0", "1", "sandbox.linux.sysctls"),
};
