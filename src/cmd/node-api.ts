import { currentPem } from "../kube/certificate-store.ts";
import type { NodeFacts } from "../pod/node.ts";
import type { Reviews } from "../ports.ts";
import type { NodeSources } from "../serve/node-api/answers.ts";
import type { TlsRules } from "../serve/node-api/secure-server.ts";
import { ensureSelfSigned } from "../serve/node-api/self-signed.ts";
import { type NodeApi, type NodeApiOptions, startNodeApi } from "../serve/node-api/server.ts";
import { configurationOf } from "./config/print.ts";
import type { Settings } from "./config/settings.ts";
import { asksServing, pkiOf } from "./pki.ts";

/** What the node's own API is made from besides the settings. */
export type NodeApiParts = Omit<NodeSources, "config"> & {
  /** Absent without a cluster. */
  readonly reviews: Reviews | undefined;
};

/**
 * Opens the node's own API (node.md 6). This file and all that it imports are loaded only where it is asked for. Throws
 * ConfigInvalid, FileFailed or SocketTaken.
 */
export async function openNodeApi(settings: Settings, parts: NodeApiParts): Promise<NodeApi> {
  const { address, readOnlyPort } = settings;
  return startNodeApi({
    ...parts,
    config: () => ({ ...configurationOf("KubeletConfiguration", settings) }),
    debugging: settings.enableDebuggingHandlers,
    streamIdleMs: settings.streamingConnectionIdleTimeout,
    ...(isSecureOpen(settings) ? { secure: await secureOf(settings, parts) } : {}),
    ...(readOnlyPort > 0 ? { readOnly: { address, port: readOnlyPort } } : {}),
  });
}

const isSecureOpen = ({ kubeconfig, tlsCertFile }: Settings): boolean => kubeconfig !== "" || tlsCertFile !== "";

async function secureOf(
  settings: Settings,
  { facts, reviews }: NodeApiParts,
): Promise<NonNullable<NodeApiOptions["secure"]>> {
  const { tlsMinVersion, tlsCipherSuites } = settings;
  const clientCaFile = settings["authentication.x509.clientCAFile"];
  const tokens =
    reviews === undefined || !settings["authentication.webhook.enabled"]
      ? undefined
      : { reviews, rememberMs: settings["authentication.webhook.cacheTTL"] };
  return {
    address: settings.address,
    port: settings.port,
    tls: {
      ...(await certificateOf(settings, facts)),
      ...(clientCaFile === "" ? {} : { clientCaFile }),
      minVersion: tlsMinVersion === "VersionTLS13" ? "TLSv1.3" : "TLSv1.2",
      cipherSuites: tlsCipherSuites,
    },
    authentication: {
      certificates: clientCaFile !== "",
      ...(tokens === undefined ? {} : { tokens }),
      anonymous: settings["authentication.anonymous.enabled"],
    },
    authorization:
      settings["authorization.mode"] === "AlwaysAllow" || reviews === undefined
        ? { mode: "AlwaysAllow" }
        : {
            mode: "Webhook",
            reviews,
            nodeName: facts.nodeName,
            allowedMs: settings["authorization.webhook.cacheAuthorizedTTL"],
            deniedMs: settings["authorization.webhook.cacheUnauthorizedTTL"],
          },
  };
}

/** What was given, what the API server issues, or what the node makes for itself. */
async function certificateOf(settings: Settings, facts: NodeFacts): Promise<Pick<TlsRules, "files" | "isAwaited">> {
  const { tlsCertFile, tlsPrivateKeyFile } = settings;
  if (tlsCertFile !== "") return { files: { certFile: tlsCertFile, keyFile: tlsPrivateKeyFile } };
  if (!asksServing(settings)) return { files: await ensureSelfSigned(pkiOf(settings), [facts.nodeName, ...facts.ips]) };
  const issued = currentPem(pkiOf(settings), "serving");
  return { files: { certFile: issued, keyFile: issued }, isAwaited: true };
}
