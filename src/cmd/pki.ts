import { join } from "node:path";
import type { Settings } from "./config/settings.ts";

/** Where the node keeps the certificates that it looks after itself. */
export const pkiOf = ({ certDirectory, rootDir }: Settings): string => certDirectory || join(rootDir, "pki");

/** Whether the certificate of the node's own API is asked from the API server (node.md 1.3). */
export const asksServing = ({ serverTLSBootstrap, kubeconfig, tlsCertFile, enableServer }: Settings): boolean =>
  serverTLSBootstrap && enableServer && kubeconfig !== "" && tlsCertFile === "";
