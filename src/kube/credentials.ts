import { fileMarks } from "../base/file-marks.ts";
import type { Log } from "../base/log.ts";
import { type ExecCredential, runPlugin } from "./exec-plugin.ts";
import { type Access, readKubeconfig, type TlsAccess } from "./kubeconfig.ts";
import { together } from "./together.ts";

/** Who the node is at this moment, and where the server is. */
export type Credentials = {
  readonly server: URL;
  readonly tls: TlsAccess;
  readonly proxy?: URL;
  readonly authorization?: string;
};

/** Credentials that renew themselves. */
export type CredentialSource = {
  /**
   * What to show now. Files are looked at again every few seconds, a plugin is asked again when its answer expires: once for all
   * who ask meanwhile. Throws ApiUnauthorized when the plugin fails, and the signal's reason.
   */
  current(signal: AbortSignal): Promise<Credentials>;
  /** Where the server is, with whatever stands in the kubeconfig; no plugin is asked. */
  place(signal: AbortSignal): Promise<Credentials>;
  /** The server refused them: the next look reads everything again. */
  refused(): void;
};

/** A changed file counts within this time (node.md 1.4). */
const LOOK_MS = 10_000;
/** An answer of a plugin is renewed so long before it expires. */
const EARLY_MS = 10_000;
/** One that has expired as it comes tells of a wrong clock: it serves so long, instead of asking again for each request. */
const DOUBTFUL_MS = 60_000;

/**
 * Credentials of a kubeconfig. Throws ConfigInvalid when it cannot be read at first; later an unreadable or half-written file
 * leaves what was read before in effect, with a warning. `certificate`: whether the one that it names must be there already.
 */
export async function openCredentials(
  path: string,
  log: Log,
  certificate: "now" | "later" = "now",
): Promise<CredentialSource> {
  let access = await readKubeconfig(path, certificate);
  let marks = await fileMarks(access.files);
  let lookedMonoMs = performance.now();
  let handed: ExecCredential | undefined;
  let doubtfulUntilMonoMs = Number.NEGATIVE_INFINITY;
  let complained = "";

  const readAgain = async (): Promise<void> => {
    lookedMonoMs = performance.now();
    const now = await fileMarks(access.files);
    if (now === marks) return;
    try {
      access = await readKubeconfig(path, certificate);
      marks = await fileMarks(access.files);
      handed = undefined;
      complained = "";
      log.info("the node's credentials for the API server were read again", { kubeconfig: path });
    } catch (error) {
      const complaint = error instanceof Error ? error.message : String(error);
      if (complaint !== complained)
        log.warn("the node's credentials cannot be read again; the earlier ones stay", { error });
      complained = complaint;
    }
  };
  const look = async (): Promise<void> => {
    if (performance.now() - lookedMonoMs >= LOOK_MS) await readAgain();
  };
  const renew = async (signal: AbortSignal): Promise<Credentials> => {
    await look();
    const { exec } = access;
    if (exec === undefined) return access;
    if (handed === undefined || (isOver(handed) && performance.now() >= doubtfulUntilMonoMs)) {
      handed = await runPlugin(exec, signal);
      if (isOver(handed)) doubtfulUntilMonoMs = performance.now() + DOUBTFUL_MS;
    }
    return withCredential(access, handed);
  };

  return {
    current: together(renew), // a plugin may take its time
    async place() {
      await look();
      return access;
    },
    refused() {
      lookedMonoMs = Number.NEGATIVE_INFINITY;
      handed = undefined;
    },
  };
}

/** Credentials whose server is reached through a proxy, unless the kubeconfig names another one. They throw what `proxyFor` throws. */
export function byWayOf(proxyFor: (server: URL) => URL | undefined, source: CredentialSource): CredentialSource {
  const withProxy = (now: Credentials): Credentials => {
    const proxy = now.proxy ?? proxyFor(now.server);
    return proxy === undefined ? now : { ...now, proxy };
  };
  return {
    current: async (signal) => withProxy(await source.current(signal)),
    place: async (signal) => withProxy(await source.place(signal)),
    refused: source.refused,
  };
}

const isOver = ({ expiresWallMs = Number.POSITIVE_INFINITY }: ExecCredential): boolean =>
  expiresWallMs - EARLY_MS < Date.now();

function withCredential(access: Access, handed: ExecCredential): Credentials {
  const { server, tls, proxy } = access;
  const { certificate, key, token } = handed;
  return {
    server,
    tls: certificate === undefined || key === undefined ? tls : { ...tls, certificate, key },
    ...(proxy === undefined ? {} : { proxy }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
}
