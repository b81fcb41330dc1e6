import { BerthError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { ensureKubeconfig } from "./bootstrap.ts";
import { certificatesIn } from "./certificate-facts.ts";
import { type CertificateStore, openCertificateStore } from "./certificate-store.ts";
import { type CredentialSource, type Credentials, openCredentials } from "./credentials.ts";
import { certificatesOf, type StoredCertificates } from "./stored-certificates.ts";

/** The paths of an identity that the node looks after itself. */
export type IdentityPaths = {
  readonly kubeconfig: string;
  /** Empty: there is none, and the kubeconfig's own credentials ask for the first certificate. */
  readonly bootstrapKubeconfig: string;
  readonly certDirectory: string;
};

/** A node's identity whose certificate is asked for and renewed (node.md 1.2 to 1.4). */
export type Identity = {
  /** For everything: the node's own certificate alone, as soon as it has one. */
  readonly credentials: CredentialSource;
  /** For asking a certificate: the one that is there while it is good, else the kubeconfig's credentials, else the bootstrap's. */
  readonly asking: CredentialSource;
  readonly certificates: StoredCertificates;
};

/** Opens what is on disk; nothing is asked yet. Throws ConfigInvalid. */
export async function openIdentity(paths: IdentityPaths, log: Log): Promise<Identity> {
  const { kubeconfig, bootstrapKubeconfig: bootstrap, certDirectory } = paths;
  const store = await openCertificateStore(certDirectory, log);
  if (bootstrap !== "") await ensureKubeconfig({ kubeconfig, bootstrap, certificate: store.currentPath }, log);
  const own = await openCredentials(kubeconfig, log, "later");
  const credentials = withCertificate(own, store);
  return {
    credentials,
    asking: askingWith({ own, credentials, store, bootstrap, log }),
    certificates: certificatesOf(store),
  };
}

/** Without a certificate the kubeconfig's own credentials serve, if it has any: nobody is asked without a name. */
function withCertificate(own: CredentialSource, store: CertificateStore): CredentialSource {
  return {
    async current(signal) {
      const held = store.current();
      if (held !== undefined) {
        const { server, tls, proxy } = await own.place(signal);
        const certified = { ...tls, certificate: held.certificate, key: held.key };
        return { server, tls: certified, ...(proxy === undefined ? {} : { proxy }) };
      }
      const now = await own.current(signal);
      if (isSomebody(now)) return now;
      throw new BerthError("ApiUnauthorized", "the node has no certificate for the API server yet");
    },
    place: own.place,
    refused: own.refused,
  };
}

function askingWith(tools: {
  readonly own: CredentialSource;
  readonly credentials: CredentialSource;
  readonly store: CertificateStore;
  readonly bootstrap: string;
  readonly log: Log;
}): CredentialSource {
  const { own, credentials, store, bootstrap, log } = tools;
  let opened: CredentialSource | undefined;
  let refusedOwn = false;

  const fromBootstrap = async (signal: AbortSignal): Promise<Credentials> => {
    opened ??= await openCredentials(bootstrap, log);
    return opened.current(signal);
  };
  const fresh = async (signal: AbortSignal): Promise<Credentials | undefined> => {
    if ((store.current()?.facts.notAfterMs ?? 0) > Date.now()) return credentials.current(signal);
    const now = await own.current(signal);
    return isSomebody(now) && !hasExpired(now) ? now : undefined;
  };
  return {
    async current(signal) {
      const now = refusedOwn && bootstrap !== "" ? undefined : await fresh(signal);
      if (now !== undefined) return now;
      // An expired certificate is better than nothing: it may be the host's clock that is wrong.
      return bootstrap === "" ? credentials.current(signal) : fromBootstrap(signal);
    },
    place: own.place,
    refused() {
      refusedOwn = !refusedOwn; // whoever was refused lets the other one try
      opened?.refused();
      own.refused();
    },
  };
}

const isSomebody = ({ tls, authorization }: Credentials): boolean =>
  tls.certificate !== undefined || authorization !== undefined;

function hasExpired({ tls }: Credentials): boolean {
  const [own] = certificatesIn(tls.certificate ?? "");
  return own !== undefined && own.validToDate.getTime() <= Date.now();
}
