/** User and password of a registry. Never in a log, event, metric, error or status. */
export type RegistryCredential = { readonly username: string; readonly password: string };

/** A Secret that a pod names under imagePullSecrets. */
export type PullSecret = {
  readonly name: string;
  readonly type: string;
  readonly data: ReadonlyMap<string, Uint8Array>;
};

/** Finds who may pull an image (cri-mapping 6.3). */
export type Credentials = {
  /**
   * Those that fit the image, in the order in which they are tried: of the pod's secrets, the node's files, the plugins.
   * Empty: it is pulled without. Throws ImagePullFailed when a secret is not readable.
   */
  find(image: string, secrets: readonly PullSecret[]): Promise<readonly RegistryCredential[]>;
};
