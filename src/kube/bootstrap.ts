import { stat } from "node:fs/promises";
import { BerthError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { certificatesIn } from "./certificate-facts.ts";
import { readKubeconfig } from "./kubeconfig.ts";
import { replaceFile } from "./replace-file.ts";

/**
 * Sees to it that there is a kubeconfig (node.md 1.2): one whose client certificate is missing, broken or has expired is
 * written anew, with the server of the bootstrap kubeconfig and the certificate that is to come. Throws ConfigInvalid when
 * the bootstrap kubeconfig is needed and cannot be used.
 */
export async function ensureKubeconfig(
  paths: { readonly kubeconfig: string; readonly bootstrap: string; readonly certificate: string },
  log: Log,
): Promise<void> {
  if (await isUsable(paths.kubeconfig)) return;
  const { server, tls, proxy } = await readKubeconfig(paths.bootstrap);
  const cluster = {
    server: server.href.replace(/\/$/, ""),
    ...(tls.authority === undefined
      ? {}
      : { "certificate-authority-data": Buffer.from(tls.authority).toString("base64") }),
    ...(tls.insecure ? { "insecure-skip-tls-verify": true } : {}),
    ...(tls.serverName === undefined ? {} : { "tls-server-name": tls.serverName }),
    ...(proxy === undefined ? {} : { "proxy-url": proxy.href }),
  };
  const user = { "client-certificate": paths.certificate, "client-key": paths.certificate };
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "default-cluster", cluster }],
    users: [{ name: "default-auth", user }],
    contexts: [
      { name: "default-context", context: { cluster: "default-cluster", user: "default-auth", namespace: "default" } },
    ],
    "current-context": "default-context",
  };
  try {
    await replaceFile(paths.kubeconfig, `${JSON.stringify(config, undefined, 2)}\n`);
  } catch (cause) {
    throw new BerthError("ConfigInvalid", `cannot write the kubeconfig ${paths.kubeconfig}`, { cause });
  }
  log.info("the kubeconfig was written; the node asks the cluster for its certificate", { path: paths.kubeconfig });
}

/** It can be read and names a client certificate, none of whose chain has expired. */
async function isUsable(path: string): Promise<boolean> {
  try {
    await stat(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw new BerthError("ConfigInvalid", `cannot look at the kubeconfig ${path}`, { cause });
  }
  try {
    const { tls } = await readKubeconfig(path);
    const chain = certificatesIn(tls.certificate ?? "");
    return chain.length > 0 && chain.every((one) => one.validToDate.getTime() > Date.now());
  } catch {
    return false;
  }
}
