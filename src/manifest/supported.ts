/**
 * What Berth makes of each field of a pod (D4): honoured; `idle`, accepted but without meaning on a node; or refused,
 * with the reason. Types that are not named here have nothing but honoured fields. A test holds that every name exists
 * and that each field of a named type has a place.
 */
export type FieldSupport = {
  readonly honoured?: string;
  readonly idle?: string;
  readonly refused?: Readonly<Record<string, Refusal>>;
};

export type Refusal = {
  /** `reference`: needs an API server (F16); `unsupported`: Berth has no such thing (D4). */
  readonly kind: "reference" | "unsupported";
  readonly message: string;
  readonly advice: string;
};

const reference = (what: string, advice: string): Refusal => ({
  kind: "reference",
  message: `Forbidden: static pods may not reference ${what}`,
  advice,
});
const unsupported = (advice: string): Refusal => ({
  kind: "unsupported",
  message: "Forbidden: Berth does not support this field",
  advice,
});

const pullSecrets = reference("secrets for pulls", "give the credentials to the container runtime");
const cloudDisk = unsupported("mount it on the host and use hostPath");
const onlyLinux = unsupported("remove it: it is for Windows nodes");
const scheduler = unsupported("remove it: there is no scheduler here");

/** The table. Issue by issue, fields move from refused to honoured. */
export const SUPPORT: Readonly<Record<string, FieldSupport>> = {
  Pod: { honoured: "apiVersion kind metadata spec", idle: "status" },
  ObjectMeta: {
    honoured: "annotations labels name namespace uid",
    idle: [
      "creationTimestamp deletionGracePeriodSeconds deletionTimestamp finalizers generateName generation",
      "managedFields ownerReferences resourceVersion selfLink",
    ].join(" "),
  },
  PodSpec: {
    honoured: [
      "activeDeadlineSeconds affinity containers dnsConfig dnsPolicy enableServiceLinks ephemeralContainers",
      "hostAliases hostIPC hostNetwork hostPID hostname hostnameOverride initContainers nodeName nodeSelector os",
      "priority readinessGates resources restartPolicy schedulingGates securityContext setHostnameAsFQDN",
      "shareProcessNamespace subdomain terminationGracePeriodSeconds tolerations volumes hostUsers",
    ].join(" "),
    idle: "automountServiceAccountToken preemptionPolicy priorityClassName schedulerName topologySpreadConstraints",
    refused: {
      imagePullSecrets: pullSecrets,
      overhead: unsupported("remove it: it belongs to a runtime class, and there are none here"),
      resourceClaims: reference("resourceclaims", "remove it: there is no API server to allocate devices"),
      runtimeClassName: unsupported("remove it: runtime classes need an API server"),
      schedulingGroup: scheduler,
      serviceAccount: reference("serviceaccounts", "remove it: there is no API server here"),
      serviceAccountName: reference("serviceaccounts", "remove it: there is no API server here"),
    },
  },
  ResourceRequirements: {
    honoured: "limits requests",
    refused: { claims: reference("resourceclaims", "remove it: there is no API server to allocate devices") },
  },
  Volume: {
    honoured: "name configMap downwardAPI emptyDir hostPath image projected secret",
    refused: {
      awsElasticBlockStore: cloudDisk,
      azureDisk: cloudDisk,
      azureFile: reference("azurefile volumes", "mount it on the host and use hostPath"),
      cephfs: cloudDisk,
      cinder: cloudDisk,
      csi: reference("csi volumes", "mount it on the host and use hostPath"),
      ephemeral: reference("ephemeral volumes", "use emptyDir or hostPath"),
      fc: cloudDisk,
      flexVolume: cloudDisk,
      flocker: cloudDisk,
      gcePersistentDisk: cloudDisk,
      gitRepo: unsupported("clone it in an init container"),
      glusterfs: reference("glusterfs volumes", "mount it on the host and use hostPath"),
      iscsi: cloudDisk,
      nfs: cloudDisk,
      persistentVolumeClaim: reference("persistentvolumeclaims", "use hostPath"),
      photonPersistentDisk: cloudDisk,
      portworxVolume: cloudDisk,
      quobyte: cloudDisk,
      rbd: cloudDisk,
      scaleIO: cloudDisk,
      storageos: cloudDisk,
      vsphereVolume: cloudDisk,
    },
  },
  VolumeProjection: {
    honoured: "configMap downwardAPI secret",
    refused: {
      clusterTrustBundle: reference("clustertrustbundles", "mount a file of the host"),
      podCertificate: reference("podcertificates", "mount a file of the host"),
      serviceAccountToken: reference("serviceaccounts", "remove it: there is no API server here"),
    },
  },
  Container: {
    honoured: [
      "args command env envFrom image imagePullPolicy lifecycle livenessProbe name ports readinessProbe resources",
      "restartPolicy restartPolicyRules securityContext startupProbe stdin stdinOnce terminationMessagePath",
      "terminationMessagePolicy tty volumeMounts workingDir",
    ].join(" "),
    idle: "resizePolicy",
    refused: { volumeDevices: unsupported("use securityContext.privileged and hostPath") },
  },
  SecurityContext: {
    honoured: [
      "allowPrivilegeEscalation appArmorProfile capabilities privileged procMount readOnlyRootFilesystem runAsGroup",
      "runAsNonRoot runAsUser seLinuxOptions seccompProfile",
    ].join(" "),
    refused: { windowsOptions: onlyLinux },
  },
  PodSecurityContext: {
    honoured: [
      "appArmorProfile fsGroup fsGroupChangePolicy runAsGroup runAsNonRoot runAsUser seLinuxChangePolicy",
      "seLinuxOptions seccompProfile supplementalGroups supplementalGroupsPolicy sysctls",
    ].join(" "),
    refused: { windowsOptions: onlyLinux },
  },
};

/** Why a field is refused; undefined when it is honoured or idle. */
export function refusalOf(type: string, field: string): Refusal | undefined {
  const row = Object.hasOwn(SUPPORT, type) ? SUPPORT[type] : undefined;
  const refused = row?.refused;
  return refused !== undefined && Object.hasOwn(refused, field) ? refused[field] : undefined;
}
