import type * as v1 from "../../pod/v1.ts";
import { onlyLinux } from "./pod.ts";
import { idle, type Rows, unsupported, yes } from "./row.ts";

/** One container: what it runs, how it is watched, what it may do. */
export const CONTAINER_ROWS = {
  Container: {
    args: yes,
    command: yes,
    env: yes,
    envFrom: yes,
    image: yes,
    imagePullPolicy: yes,
    lifecycle: yes,
    livenessProbe: yes,
    name: yes,
    ports: yes,
    readinessProbe: yes,
    resizePolicy: idle(
      "a changed manifest is a new pod: resources change while a container runs only by an API server",
    ),
    resources: yes,
    restartPolicy: yes,
    restartPolicyRules: yes,
    securityContext: yes,
    startupProbe: yes,
    stdin: yes,
    stdinOnce: yes,
    terminationMessagePath: yes,
    terminationMessagePolicy: yes,
    tty: yes,
    volumeDevices: unsupported("use securityContext.privileged and hostPath"),
    volumeMounts: yes,
    workingDir: yes,
  },
  ContainerPort: { containerPort: yes, hostIP: yes, hostPort: yes, name: yes, protocol: yes },
  ContainerRestartRule: { action: yes, exitCodes: yes },
  ContainerRestartRuleOnExitCodes: { operator: yes, values: yes },
  EnvVar: { name: yes, value: yes, valueFrom: yes },
  EnvVarSource: {
    configMapKeyRef: yes,
    fieldRef: yes,
    fileKeyRef: yes,
    resourceFieldRef: yes,
    secretKeyRef: yes,
  },
  EnvFromSource: { configMapRef: yes, prefix: yes, secretRef: yes },
  ConfigMapEnvSource: { name: yes, optional: yes },
  SecretEnvSource: { name: yes, optional: yes },
  ConfigMapKeySelector: { key: yes, name: yes, optional: yes },
  SecretKeySelector: { key: yes, name: yes, optional: yes },
  FileKeySelector: { key: yes, optional: yes, path: yes, volumeName: yes },
  ObjectFieldSelector: { apiVersion: idle("v1 is the only one that there is"), fieldPath: yes },
  ResourceFieldSelector: { containerName: yes, divisor: yes, resource: yes },
  Lifecycle: { postStart: yes, preStop: yes, stopSignal: yes },
  LifecycleHandler: { exec: yes, httpGet: yes, sleep: yes, tcpSocket: yes },
  Probe: {
    exec: yes,
    failureThreshold: yes,
    grpc: yes,
    httpGet: yes,
    initialDelaySeconds: yes,
    periodSeconds: yes,
    successThreshold: yes,
    tcpSocket: yes,
    terminationGracePeriodSeconds: yes,
    timeoutSeconds: yes,
  },
  ExecAction: { command: yes },
  GRPCAction: { port: yes, service: yes },
  HTTPGetAction: { host: yes, httpHeaders: yes, path: yes, port: yes, scheme: yes },
  HTTPHeader: { name: yes, value: yes },
  SleepAction: { seconds: yes },
  TCPSocketAction: { host: yes, port: yes },
  SecurityContext: {
    allowPrivilegeEscalation: yes,
    appArmorProfile: yes,
    capabilities: yes,
    privileged: yes,
    procMount: yes,
    readOnlyRootFilesystem: yes,
    runAsGroup: yes,
    runAsNonRoot: yes,
    runAsUser: yes,
    seLinuxOptions: yes,
    seccompProfile: yes,
    windowsOptions: onlyLinux,
  },
  AppArmorProfile: { localhostProfile: yes, type: yes },
  Capabilities: { add: yes, drop: yes },
  SELinuxOptions: { level: yes, role: yes, type: yes, user: yes },
  SeccompProfile: { localhostProfile: yes, type: yes },
} as const satisfies {
  readonly Container: Rows<v1.Container>;
  readonly ContainerPort: Rows<v1.ContainerPort>;
  readonly ContainerRestartRule: Rows<v1.ContainerRestartRule>;
  readonly ContainerRestartRuleOnExitCodes: Rows<v1.ContainerRestartRuleOnExitCodes>;
  readonly EnvVar: Rows<v1.EnvVar>;
  readonly EnvVarSource: Rows<v1.EnvVarSource>;
  readonly EnvFromSource: Rows<v1.EnvFromSource>;
  readonly ConfigMapEnvSource: Rows<v1.ConfigMapEnvSource>;
  readonly SecretEnvSource: Rows<v1.SecretEnvSource>;
  readonly ConfigMapKeySelector: Rows<v1.ConfigMapKeySelector>;
  readonly SecretKeySelector: Rows<v1.SecretKeySelector>;
  readonly FileKeySelector: Rows<v1.FileKeySelector>;
  readonly ObjectFieldSelector: Rows<v1.ObjectFieldSelector>;
  readonly ResourceFieldSelector: Rows<v1.ResourceFieldSelector>;
  readonly Lifecycle: Rows<v1.Lifecycle>;
  readonly LifecycleHandler: Rows<v1.LifecycleHandler>;
  readonly Probe: Rows<v1.Probe>;
  readonly ExecAction: Rows<v1.ExecAction>;
  readonly GRPCAction: Rows<v1.GRPCAction>;
  readonly HTTPGetAction: Rows<v1.HTTPGetAction>;
  readonly HTTPHeader: Rows<v1.HTTPHeader>;
  readonly SleepAction: Rows<v1.SleepAction>;
  readonly TCPSocketAction: Rows<v1.TCPSocketAction>;
  readonly SecurityContext: Rows<v1.SecurityContext>;
  readonly AppArmorProfile: Rows<v1.AppArmorProfile>;
  readonly Capabilities: Rows<v1.Capabilities>;
  readonly SELinuxOptions: Rows<v1.SELinuxOptions>;
  readonly SeccompProfile: Rows<v1.SeccompProfile>;
};
