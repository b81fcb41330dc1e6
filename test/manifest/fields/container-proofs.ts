import { aManifest } from "../kit.ts";
import { inContainer, inScenario, inSpec, type Proof, shownBy } from "./proof.ts";

const security = (fields: object) => ({ securityContext: fields });
const port = (change: object) => ({ ports: [{ containerPort: 80, ...change }] });
const variable = (change: object) => ({ env: [{ name: "A", value: "x", ...change }] });
const from = (valueFrom: object) => ({ env: [{ name: "A", valueFrom }] });
const wholes = (change: object) => ({ envFrom: [{ configMapRef: { name: "one" }, ...change }] });
const ENVS = "app.config.envs";
const SECURITY = "app.config.linux.security_context";
const PROBES = "test/handler/probes.test.ts";
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
  "Container.imagePullPolicy": shownBy(
    "test/decide/pod-life.test.ts",
    "are pulled at each start with policy Always, looked for at each with IfNotPresent (B11, E1)",
    'pullPolicy: "Always"',
  ),
  "Container.lifecycle": inContainer((one) => preStop({ exec: { command: [one] } }), "x", "y", HOOK),
  "Container.livenessProbe": inScenario(
    "probes-liveness-kill",
    "livenessProbe: {exec: {command: [alive]}",
    "readinessProbe: {exec: {command: [alive]}",
  ),
  "Container.name": inSpec((name) => ({ containers: [{ name, image: "i" }] }), "x", "y", "x.config.metadata.name"),
  "Container.ports": inContainer((containerPort) => port({ containerPort }), 80, 81, "sandbox.port_mappings"),
  "Container.readinessProbe": inScenario("probes-initial-delay", "readinessProbe:", "livenessProbe:"),
  "Container.resources": inContainer(
    (cpu) => ({ resources: { limits: { cpu } } }),
    ...["1", "2", "app.config.linux.resources.cpu_quota"],
  ),
  "Container.restartPolicy": inScenario("restart-rules", "      restartPolicy: Never", "      restartPolicy: Always"),
  "Container.restartPolicyRules": inScenario(
    "restart-all",
    "      restartPolicyRules:\n      - {action: RestartAllContainers, exitCodes: {operator: In, values: [9]}}\n",
    "",
  ),
  "Container.securityContext": inContainer((runAsUser) => security({ runAsUser }), 1, 2, SECURITY),
  "Container.startupProbe": inScenario("probes-startup-hanging", "startupProbe:", "readinessProbe:"),
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
  "ContainerRestartRule.action": inScenario("restart-all", "action: RestartAllContainers", "action: Restart"),
  "ContainerRestartRule.exitCodes": inScenario(
    "restart-all",
    "exitCodes: {operator: In, values: [9]}",
    "exitCodes: {operator: NotIn, values: [9]}",
  ),
  "ContainerRestartRuleOnExitCodes.operator": inScenario("restart-all", "operator: In", "operator: NotIn"),
  "ContainerRestartRuleOnExitCodes.values": inScenario("restart-all", "values: [9]", "values: [8]"),
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
  "Lifecycle.postStart": inScenario("hooks-poststart-order", "postStart: {exec", "preStop: {exec"),
  "Lifecycle.stopSignal": inSpec(
    (stopSignal) => ({
      os: { name: "linux" },
      containers: [{ name: "app", image: "i", lifecycle: { stopSignal } }],
    }),
    "SIGINT",
    "SIGRTMIN+3",
    "app.config.stop_signal",
  ),
  "Lifecycle.preStop": inContainer((one) => preStop({ exec: { command: [one] } }), "x", "y", HOOK),
  "LifecycleHandler.exec": inContainer((one) => preStop({ exec: { command: [one] } }), "x", "y", HOOK),
  "LifecycleHandler.httpGet": inContainer((path) => preStop({ httpGet: { path, port: 80 } }), "/x", "/y", HOOK),
  "LifecycleHandler.sleep": inContainer((seconds) => preStop({ sleep: { seconds } }), 1, 2, HOOK),
  "LifecycleHandler.tcpSocket": inContainer((at) => preStop({ tcpSocket: { port: at } }), 80, 81, HOOK),
  "Probe.exec": shownBy(PROBES, "exit %i is %s", "{ exec }"),
  "Probe.failureThreshold": inScenario("probes-readiness-flips", "failureThreshold: 2", "failureThreshold: 1"),
  "Probe.grpc": shownBy(PROBES, "asks the service and port of a grpc probe (R19)", "grpc: { port: 9"),
  "Probe.httpGet": shownBy(PROBES, "%s is %s (R15, R16)", "get(path)"),
  "Probe.initialDelaySeconds": inScenario("probes-initial-delay", "initialDelaySeconds: 3", "initialDelaySeconds: 1"),
  "Probe.periodSeconds": inScenario("probes-readiness-flips", "periodSeconds: 5", "periodSeconds: 2"),
  "Probe.successThreshold": inScenario("probes-readiness-flips", "successThreshold: 2", "successThreshold: 1"),
  "Probe.tcpSocket": shownBy(
    PROBES,
    "succeeds on a connection and leaves no socket in TIME_WAIT",
    "tcpSocket: { port: tcpPort }",
  ),
  "Probe.terminationGracePeriodSeconds": inScenario(
    "probes-liveness-kill",
    "terminationGracePeriodSeconds: 5",
    "terminationGracePeriodSeconds: 4",
  ),
  "Probe.timeoutSeconds": inScenario("probes-hanging-beat", "timeoutSeconds: 1", "timeoutSeconds: 3"),
  "ExecAction.command": inContainer((one) => preStop({ exec: { command: [one] } }), "x", "y", HOOK),
  "GRPCAction.port": shownBy(PROBES, "asks the service and port of a grpc probe (R19)", "port: 9,"),
  "GRPCAction.service": shownBy(PROBES, "asks the service and port of a grpc probe (R19)", 'service: "two"'),
  "HTTPGetAction.host": inContainer((host) => preStop({ httpGet: { host, port: 80 } }), "a", "b", HOOK),
  "HTTPGetAction.httpHeaders": shownBy(
    PROBES,
    "sends the usual headers, and written ones in their place (R14)",
    "httpHeaders: written",
  ),
  "HTTPGetAction.path": inContainer((path) => preStop({ httpGet: { path, port: 80 } }), "/a", "/b", HOOK),
  "HTTPGetAction.port": shownBy(
    PROBES,
    "finds a named port, and discards the attempt when there is none (R4, R18)",
    'port: "nope"',
  ),
  "HTTPGetAction.scheme": shownBy(
    PROBES,
    "asks again in plain HTTP when HTTPS is answered so, without Authorization (H5)",
    'scheme: "HTTPS"',
  ),
  "HTTPHeader.name": shownBy(PROBES, "sends the usual headers, and written ones in their place (R14)", 'name: "Host"'),
  "HTTPHeader.value": shownBy(
    PROBES,
    "sends the usual headers, and written ones in their place (R14)",
    'value: "site.example"',
  ),
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
