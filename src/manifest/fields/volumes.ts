import type * as v1 from "../../pod/v1.ts";
import { type Rows, reference, unsupported, yes } from "./row.ts";

const disk = unsupported("mount it on the host and use hostPath");
const byServer = (what: string): typeof disk => reference(what, "mount it on the host and use hostPath");

/** What containers find in their file systems besides their image. */
export const VOLUME_ROWS = {
  Volume: {
    awsElasticBlockStore: disk,
    azureDisk: disk,
    azureFile: byServer("azurefile volumes"),
    cephfs: disk,
    cinder: disk,
    configMap: yes,
    csi: byServer("csi volumes"),
    downwardAPI: yes,
    emptyDir: yes,
    ephemeral: reference("ephemeral volumes", "use emptyDir or hostPath"),
    fc: disk,
    flexVolume: disk,
    flocker: disk,
    gcePersistentDisk: disk,
    gitRepo: unsupported("clone it in an init container"),
    glusterfs: byServer("glusterfs volumes"),
    hostPath: yes,
    image: yes,
    iscsi: disk,
    name: yes,
    nfs: disk,
    persistentVolumeClaim: reference("persistentvolumeclaims", "use hostPath"),
    photonPersistentDisk: disk,
    portworxVolume: disk,
    projected: yes,
    quobyte: disk,
    rbd: disk,
    scaleIO: disk,
    secret: yes,
    storageos: disk,
    vsphereVolume: disk,
  },
  VolumeMount: {
    mountPath: yes,
    mountPropagation: yes,
    name: yes,
    readOnly: yes,
    recursiveReadOnly: yes,
    subPath: yes,
    subPathExpr: yes,
  },
  ConfigMapVolumeSource: { defaultMode: yes, items: yes, name: yes, optional: yes },
  SecretVolumeSource: { defaultMode: yes, items: yes, optional: yes, secretName: yes },
  KeyToPath: { key: yes, mode: yes, path: yes },
  DownwardAPIVolumeSource: { defaultMode: yes, items: yes },
  DownwardAPIVolumeFile: { fieldRef: yes, mode: yes, path: yes, resourceFieldRef: yes },
  EmptyDirVolumeSource: { medium: yes, sizeLimit: yes },
  HostPathVolumeSource: { path: yes, type: yes },
  ImageVolumeSource: { pullPolicy: yes, reference: yes },
  ProjectedVolumeSource: { defaultMode: yes, sources: yes },
  VolumeProjection: {
    clusterTrustBundle: reference("clustertrustbundles", "mount a file of the host"),
    configMap: yes,
    downwardAPI: yes,
    podCertificate: reference("podcertificates", "mount a file of the host"),
    secret: yes,
    serviceAccountToken: reference("serviceaccounts", "remove it: there is no API server here"),
  },
  ConfigMapProjection: { items: yes, name: yes, optional: yes },
  DownwardAPIProjection: { items: yes },
  SecretProjection: { items: yes, name: yes, optional: yes },
} as const satisfies {
  readonly Volume: Rows<v1.Volume>;
  readonly VolumeMount: Rows<v1.VolumeMount>;
  readonly ConfigMapVolumeSource: Rows<v1.ConfigMapVolumeSource>;
  readonly SecretVolumeSource: Rows<v1.SecretVolumeSource>;
  readonly KeyToPath: Rows<v1.KeyToPath>;
  readonly DownwardAPIVolumeSource: Rows<v1.DownwardAPIVolumeSource>;
  readonly DownwardAPIVolumeFile: Rows<v1.DownwardAPIVolumeFile>;
  readonly EmptyDirVolumeSource: Rows<v1.EmptyDirVolumeSource>;
  readonly HostPathVolumeSource: Rows<v1.HostPathVolumeSource>;
  readonly ImageVolumeSource: Rows<v1.ImageVolumeSource>;
  readonly ProjectedVolumeSource: Rows<v1.ProjectedVolumeSource>;
  readonly VolumeProjection: Rows<v1.VolumeProjection>;
  readonly ConfigMapProjection: Rows<v1.ConfigMapProjection>;
  readonly DownwardAPIProjection: Rows<v1.DownwardAPIProjection>;
  readonly SecretProjection: Rows<v1.SecretProjection>;
};
