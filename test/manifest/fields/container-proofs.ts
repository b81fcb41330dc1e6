import { aManifest } from "../kit.ts";
import { inContainer, inSpec, type Proof, shownBy } from "./proof.ts";

const security = (fields: object) => ({ securityContext: fields });
const port = (change: object) => ({ ports: [{ containerPort: 80, ...change }] });
const variable = (change: object) => ({ env: [{ name: "A", value: "x", ...change }] });
const from = (valueFrom: object) => ({ env: [{ name: "A", valueFrom }] });
const wholes = (change: object) => ({ envFrom: [{ configMapRef: { name: "one" }, ...change }] });
const ENVS = "app.config.envs";
const SECURITY = "app.config.linux.security_context";
const PLAN = "test/decide/plan.test.ts";
const PROBING = "test/decide/probing.test.ts";
const PROBES = "test/handler/probes.test.ts";
const GRPC = "test/handler/grpc.test.ts";
const RESTART_ALL = "test/scenarios/restart-all.txt";
const preStop = (handler: object) => ({ lifecycle: { preStop: handler } });
const HOOK = "app.config.annotations.io.kubernetes.container.preStopHandler";
const reference = (of: (change: object) => object, base: object) => ({
  name: inContainer((name) => from(of({ ...base, name })), "one", "two", ENVS),
  key: inContainer((key) => from(of({ ...base, key })), "a", "b", ENVS),
  optional: inContainer((optional) => from(of({ ...base, key: "none", optional })), false, true, "app.failure"),
});
const config = reference((configMapKeyRef) => ({ configMapKeyRef }), { name: "one", key: "a" });
const secret = reference((secretKeyRef) => ({ secretKeyRef }), { name: "one", key: "a" });
const resource = (change: object) => ({
  resources: { limits: { cpu: "2", memory: "1Gi" } },
  ...from({ resourceFieldRef: { resource: "limits.memory", ...change } }),
});

const fromFile = (field: string, one: unknown, other: unknown, sees: string): Proof =>
  inSpec(
    (value) => ({
      volumes: [{ name: "v" }, { name: "w" }],
      containers: [
        {
          ...{ name: "app", image: "i" },
          ...from({
            fileKeyRef: {
              volumeName: "v",
              path: "one",
              key: "A",
              ...(field === "optional" ? { key: "none" } : {}),
              [field]: value,
            },
          }),
        },
      ],
    }),
    ...([one, other, sees] as const),
  );

/** Fields of one container. */
export const CONTAINER_PROOFS: Readonly<Record<string, Proof>> = {
  "Container.args": inContainer((one) => ({ args: [one] }), "x", "y", "app.config.args"),
  "Container.command": inContainer((one) => ({ command: [one] }), "x", "y", "app.config.command"),
  "Container.env": inContainer((value) => variable({ value }), "x", "y", ENVS),
  "Container.envFrom": inContainer((name) => wholes({ configMapRef: { name } }), "one", "two", ENVS),
  "Container.image": inContainer((image) => ({ image }), "x:1", "y:1", "app.config.image.user_specified_image"),
  "Container.imagePullPolicy": shownBy("test/decide/pod-life.test.ts", "are pulled at each start with policy Always"),
  "Container.lifecycle": inContainer((one) => preStop({ exec: { command: [one] } }), "x", "y", HOOK),
  "Container.livenessProbe": shownBy(PLAN, "livenessFailed"),
  "Container.name": inSpec((name) => ({ containers: [{ name, image: "i" }] }), "x", "y", "x.config.metadata.name"),
  "Container.ports": inContainer((containerPort) => port({ containerPort }), 80, 81, "sandbox.port_mappings"),
  "Container.readinessProbe": shownBy("test/decide/container-status.test.ts", "readinessProbe"),
  "Container.resources": inContainer(
    (cpu) => ({ resources: { limits: { cpu } } }),
    ...["1", "2", "app.config.linux.resources.cpu_quota"],
  ),
  "Container.restartPolicy": shownBy(PLAN, 'restartPolicy: "OnFailure"'),
  "Container.restartPolicyRules": shownBy(RESTART_ALL, "RestartAllContainers"),
  "Container.securityContext": inContainer((runAsUser) => security({ runAsUser }), 1, 2, SECURITY),
  "Container.startupProbe": shownBy("test/decide/pod-life.test.ts", "startupProbe"),
  "Container.stdin": inContainer((stdin) => ({ stdin }), false, true, "app.config.stdin"),
  "Container.stdinOnce": inContainer((stdinOnce) => ({ stdinOnce }), false, true, "app.config.stdin_once"),
  "Container.terminationMessagePath": inContainer(
    (terminationMessagePath) => ({ terminationMessagePath }),
    ...["/one", "/two", "app.config.annotations.io.kubernetes.container.terminationMessagePath"],
  ),
  "Container.terminationMessagePolicy": inContainer(
    (terminationMessagePolicy) => ({ terminationMessagePolicy }),
    ...["File", "FallbackToLogsOnError", "app.config.annotations.io.kubernetes.container.terminationMessagePolicy"],
  ),
  "Container.tty": inContainer((tty) => ({ tty }), false, true, "app.config.tty"),
  "Container.volumeMounts": {
    kind: "change",
    one: aManifest({ volumes: [{ name: "v" }] }, { volumeMounts: [{ name: "v", mountPath: "/v" }] }),
    other: aManifest({ volumes: [{ name: "v" }] }),
    sees: "app.config.mounts",
  },
  "Container.workingDir": inContainer((workingDir) => ({ workingDir }), "/x", "/y", "app.config.working_dir"),
  "ContainerPort.containerPort": inContainer(
    (containerPort) => port({ containerPort }),
    80,
    81,
    "sandbox.port_mappings",
  ),
  "ContainerPort.hostIP": inContainer(
    (hostIP) => port({ hostPort: 80, hostIP }),
    "192.0.2.1",
    "192.0.2.2",
    "sandbox.port_mappings",
  ),
  "ContainerPort.hostPort": inContainer((hostPort) => port({ hostPort }), 80, 81, "ports.reason"),
  "ContainerPort.name": inContainer(
    (name) => ({
      ports: [
        { containerPort: 80, name: "a" },
        { containerPort: 81, name },
      ],
    }),
    ...["b", "c", "app.config.annotations.io.kubernetes.container.ports"],
  ),
  "ContainerPort.protocol": inContainer((protocol) => port({ protocol }), "TCP", "SCTP", "sandbox.port_mappings"),
  "ContainerRestartRule.action": shownBy(RESTART_ALL, "RestartAllContainers"),
  "ContainerRestartRule.exitCodes": shownBy(RESTART_ALL, "exitCodes"),
  "ContainerRestartRuleOnExitCodes.operator": shownBy(RESTART_ALL, "operator"),
  "ContainerRestartRuleOnExitCodes.values": shownBy(RESTART_ALL, "values"),
  "EnvVar.name": inContainer((name) => variable({ name }), "A", "B", ENVS),
  "EnvVar.value": inContainer((value) => variable({ value }), "x", "y", ENVS),
  "EnvVar.valueFrom": inContainer((name) => from({ configMapKeyRef: { name, key: "a" } }), "one", "two", ENVS),
  "EnvVarSource.configMapKeyRef": config.name,
  "EnvVarSource.fieldRef": inContainer(
    (fieldPath) => from({ fieldRef: { fieldPath } }),
    ...["metadata.name", "metadata.namespace", ENVS],
  ),
  "EnvVarSource.fileKeyRef": fromFile("path", "one", "two", ENVS),
  "FileKeySelector.key": fromFile("key", "A", "B", ENVS),
  "FileKeySelector.optional": fromFile("optional", false, true, "app.failure"),
  "FileKeySelector.path": fromFile("path", "one", "two", ENVS),
  "FileKeySelector.volumeName": fromFile("volumeName", "v", "w", ENVS),
  "EnvVarSource.resourceFieldRef": inContainer(
    (name) => resource({ resource: name }),
    "limits.cpu",
    "limits.memory",
    ENVS,
  ),
  "EnvVarSource.secretKeyRef": secret.name,
  "EnvFromSource.configMapRef": inContainer((name) => wholes({ configMapRef: { name } }), "one", "two", ENVS),
  "EnvFromSource.prefix": inContainer((prefix) => wholes({ prefix }), "P_", "Q_", ENVS),
  "EnvFromSource.secretRef": inContainer((name) => ({ envFrom: [{ secretRef: { name } }] }), "one", "two", ENVS),
  "ConfigMapEnvSource.name": inContainer((name) => wholes({ configMapRef: { name } }), "one", "two", ENVS),
  "ConfigMapEnvSource.optional": inContainer(
    (optional) => wholes({ configMapRef: { name: "none", optional } }),
    ...([false, true, "app.failure"] as const),
  ),
  "SecretEnvSource.name": inContainer((name) => ({ envFrom: [{ secretRef: { name } }] }), "one", "two", ENVS),
  "SecretEnvSource.optional": inContainer(
    (optional) => ({ envFrom: [{ secretRef: { name: "none", optional } }] }),
    ...([false, true, "app.failure"] as const),
  ),
  "ConfigMapKeySelector.key": config.key,
  "ConfigMapKeySelector.name": config.name,
  "ConfigMapKeySelector.optional": config.optional,
  "SecretKeySelector.key": secret.key,
  "SecretKeySelector.name": secret.name,
  "SecretKeySelector.optional": secret.optional,
  "ObjectFieldSelector.fieldPath": inContainer(
    (fieldPath) => from({ fieldRef: { fieldPath } }),
    ...["status.podIP", "status.hostIP", ENVS],
  ),
  "ResourceFieldSelector.containerName": inSpec(
    (containerName) => ({
      containers: [
        {
          name: "app",
          image: "i",
          env: [{ name: "A", valueFrom: { resourceFieldRef: { containerName, resource: "limits.cpu" } } }],
        },
        { name: "x", image: "i", resources: { limits: { cpu: "2" } } },
      ],
    }),
    ...["app", "x", ENVS],
  ),
  "ResourceFieldSelector.divisor": inContainer((divisor) => resource({ divisor }), "1", "1Mi", ENVS),
  "ResourceFieldSelector.resource": inContainer(
    (name) => resource({ resource: name }),
    "limits.cpu",
    "limits.memory",
    ENVS,
  ),
  "Lifecycle.postStart": shownBy("test/decide/pod-life.test.ts", "postStart"),
  "Lifecycle.preStop": inContainer((one) => preStop({ exec: { command: [one] } }), "x", "y", HOOK),
  "LifecycleHandler.exec": inContainer((one) => preStop({ exec: { command: [one] } }), "x", "y", HOOK),
  "LifecycleHandler.httpGet": inContainer((path) => preStop({ httpGet: { path, port: 80 } }), "/x", "/y", HOOK),
  "LifecycleHandler.sleep": inContainer((seconds) => preStop({ sleep: { seconds } }), 1, 2, HOOK),
  "LifecycleHandler.tcpSocket": inContainer((at) => preStop({ tcpSocket: { port: at } }), 80, 81, HOOK),
  "Probe.exec": shownBy(PROBES, "exit %i is %s"),
  "Probe.failureThreshold": shownBy(PROBING, "failureThreshold"),
  "Probe.grpc": shownBy(GRPC, "takes SERVING as healthy"),
  "Probe.httpGet": shownBy(PROBES, "%s is %s (R15, R16)"),
  "Probe.initialDelaySeconds": shownBy(PROBING, "begins after the initial delay"),
  "Probe.periodSeconds": shownBy(PROBING, "keeps its beat"),
  "Probe.successThreshold": shownBy(PROBING, "successThreshold"),
  "Probe.tcpSocket": shownBy(PROBES, "succeeds on a connection"),
  "Probe.terminationGracePeriodSeconds": shownBy(PLAN, "terminationGracePeriodSeconds"),
  "Probe.timeoutSeconds": shownBy(PROBES, "fails when the command ran out of time"),
  "ExecAction.command": inContainer((one) => preStop({ exec: { command: [one] } }), "x", "y", HOOK),
  "GRPCAction.port": shownBy(GRPC, "port"),
  "GRPCAction.service": shownBy(GRPC, "service"),
  "HTTPGetAction.host": inContainer((host) => preStop({ httpGet: { host, port: 80 } }), "a", "b", HOOK),
  "HTTPGetAction.httpHeaders": shownBy(PROBES, "sends the usual headers, and written ones in their place"),
  "HTTPGetAction.path": inContainer((path) => preStop({ httpGet: { path, port: 80 } }), "/a", "/b", HOOK),
  "HTTPGetAction.port": shownBy(PROBES, "finds a named port"),
  "HTTPGetAction.scheme": shownBy(PROBES, "asks again in plain HTTP"),
  "HTTPHeader.name": shownBy(PROBES, "sends the usual headers, and written ones in their place"),
  "HTTPHeader.value": shownBy(PROBES, "sends the usual headers, and written ones in their place"),
  "SleepAction.seconds": inContainer((seconds) => preStop({ sleep: { seconds } }), 1, 2, HOOK),
  "TCPSocketAction.host": inContainer((host) => preStop({ tcpSocket: { port: 80, host } }), "a", "b", HOOK),
  "TCPSocketAction.port": inContainer((at) => preStop({ tcpSocket: { port: at } }), 80, 81, HOOK),
  "SecurityContext.allowPrivilegeEscalation": inContainer(
    (allowPrivilegeEscalation) => security({ allowPrivilegeEscalation }),
    ...([true, false, `${SECURITY}.no_new_privs`] as const),
  ),
  "SecurityContext.appArmorProfile": inContainer(
    (type) => security({ appArmorProfile: { type } }),
    ...["RuntimeDefault", "Unconfined", `${SECURITY}.apparmor`],
  ),
  "SecurityContext.capabilities": inContainer(
    (one) => security({ capabilities: { add: [one] } }),
    "A",
    "B",
    `${SECURITY}.capabilities`,
  ),
  "SecurityContext.privileged": inContainer(
    (privileged) => security({ privileged }),
    false,
    true,
    `${SECURITY}.privileged`,
  ),
  "SecurityContext.procMount": {
    kind: "change",
    one: aManifest({ hostUsers: false }, security({ procMount: "Default" })),
    other: aManifest({ hostUsers: false }, security({ procMount: "Unmasked" })),
    sees: `${SECURITY}.masked_paths`,
  },
  "SecurityContext.readOnlyRootFilesystem": inContainer(
    (readOnlyRootFilesystem) => security({ readOnlyRootFilesystem }),
    ...([false, true, `${SECURITY}.readonly_rootfs`] as const),
  ),
  "SecurityContext.runAsGroup": inContainer((runAsGroup) => security({ runAsGroup }), 5, 6, `${SECURITY}.run_as_group`),
  "SecurityContext.runAsNonRoot": inContainer((runAsNonRoot) => security({ runAsNonRoot }), false, true, "app.root"),
  "SecurityContext.runAsUser": inContainer((runAsUser) => security({ runAsUser }), 5, 6, `${SECURITY}.run_as_user`),
  "SecurityContext.seLinuxOptions": inContainer(
    (level) => security({ seLinuxOptions: { level } }),
    ...["s0", "s1", `${SECURITY}.selinux_options.level`],
  ),
  "SecurityContext.seccompProfile": inContainer(
    (type) => security({ seccompProfile: { type } }),
    ...["RuntimeDefault", "Unconfined", `${SECURITY}.seccomp`],
  ),
  "AppArmorProfile.localhostProfile": inContainer(
    (localhostProfile) => security({ appArmorProfile: { type: "Localhost", localhostProfile } }),
    ...["one", "two", `${SECURITY}.apparmor.localhost_ref`],
  ),
  "AppArmorProfile.type": inContainer(
    (type) => security({ appArmorProfile: { type } }),
    ...["RuntimeDefault", "Unconfined", `${SECURITY}.apparmor.profile_type`],
  ),
  "Capabilities.add": inContainer(
    (one) => security({ capabilities: { add: [one] } }),
    ...["NET_ADMIN", "SYS_TIME", `${SECURITY}.capabilities.add_capabilities`],
  ),
  "Capabilities.drop": inContainer(
    (one) => security({ capabilities: { drop: [one] } }),
    ...["ALL", "CHOWN", `${SECURITY}.capabilities.drop_capabilities`],
  ),
  ...Object.fromEntries(
    ["level", "role", "type", "user"].map((field) => [
      `SELinuxOptions.${field}`,
      inContainer(
        (value) => security({ seLinuxOptions: { [field]: value } }),
        ...["one", "two", `${SECURITY}.selinux_options.${field}`],
      ),
    ]),
  ),
  "SeccompProfile.localhostProfile": inContainer(
    (localhostProfile) => security({ seccompProfile: { type: "Localhost", localhostProfile } }),
    ...["one.json", "two.json", `${SECURITY}.seccomp.localhost_ref`],
  ),
  "SeccompProfile.type": inContainer(
    (type) => security({ seccompProfile: { type } }),
    ...["RuntimeDefault", "Unconfined", `${SECURITY}.seccomp.profile_type`],
  ),
};
