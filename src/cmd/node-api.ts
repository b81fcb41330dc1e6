import { join } from "node:path";
import type { Reviews } from "../ports.ts";
import type { NodeSources } from "../serve/node-api/answers.ts";
import { ensureSelfSigned } from "../serve/node-api/self-signed.ts";
import { type NodeApi, type NodeApiOptions, startNodeApi } from "../serve/node-api/server.ts";
import { configurationOf } from "./config/print.ts";
import type { Settings } from "./config/settings.ts";

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
  { facts, rootDir, reviews }: NodeApiParts,
): Promise<NonNullable<NodeApiOptions["secure"]>> {
  const { tlsCertFile: certFile, tlsPrivateKeyFile: keyFile, certDirectory, tlsMinVersion, tlsCipherSuites } = settings;
  const clientCaFile = settings["authentication.x509.clientCAFile"];
  const files =
    certFile === ""
      ? await ensureSelfSigned(certDirectory || join(rootDir, "pki"), [facts.nodeName, ...facts.ips])
      : { certFile, keyFile };
  const tokens =
    reviews === undefined || !settings["authentication.webhook.enabled"]
      ? undefined
      : { reviews, rememberMs: settings["authentication.webhook.cacheTTL"] };
  return {
    address: settings.address,
    port: settings.port,
    tls: {
      files,
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
