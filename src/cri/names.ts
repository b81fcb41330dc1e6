/** Names of all labels and annotations that sandboxes and containers carry: they are the agent's memory (cri-mapping 1.5). */
export const LABEL = {
  podName: "io.kubernetes.pod.name",
  podNamespace: "io.kubernetes.pod.namespace",
  podUid: "io.kubernetes.pod.uid",
  containerName: "io.kubernetes.container.name",
  /** Which root directory an object belongs to; what lacks it is never touched. */
  owner: "berth.dev/owner",
} as const;

/** See LABEL. */
export const ANNOTATION = {
  hash: "io.kubernetes.container.hash",
  restartCount: "io.kubernetes.container.restartCount",
  terminationMessagePath: "io.kubernetes.container.terminationMessagePath",
  terminationMessagePolicy: "io.kubernetes.container.terminationMessagePolicy",
  terminationGracePeriod: "io.kubernetes.pod.terminationGracePeriod",
  preStopHandler: "io.kubernetes.container.preStopHandler",
  ports: "io.kubernetes.container.ports",
  /** Restart back-off in force when the container was made, in ms (D8). */
  backOff: "berth.dev/back-off",
  /** cpu and memory that the container was made with, of a pod for which they may change (S26). */
  resources: "berth.dev/resources",
  configHash: "kubernetes.io/config.hash",
  configSource: "kubernetes.io/config.source",
  configSeen: "kubernetes.io/config.seen",
  /** With the container's name behind it; the way to ask for a profile before there was a field (cri-mapping 2.6). */
  appArmor: "container.apparmor.security.beta.kubernetes.io/",
} as const;
