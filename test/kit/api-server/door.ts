import { writeFile } from "node:fs/promises";
import { silentLog } from "../../../src/base/log.ts";
import { type ClusterDoors, openCluster } from "../../../src/kube/connect.ts";
import type { Environment } from "../../../src/kube/environment-proxy.ts";
import { silentMeter } from "../../../src/pod/metrics.ts";

/** Opens `src/kube` on a server without credentials, by a kubeconfig written to `path`; `more` stands beside the server in it. */
export async function openDoors(
  url: string,
  path: string,
  more: object = {},
  environment: Environment = {},
): Promise<ClusterDoors> {
  const config = {
    clusters: [{ name: "c", cluster: { server: url, ...more } }],
    users: [{ name: "u", user: {} }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  };
  await writeFile(path, JSON.stringify(config));
  return openCluster({
    kubeconfig: path,
    environment,
    version: "test",
    log: silentLog,
    meter: silentMeter,
    timeoutMs: 20_000,
    heartbeatTimeoutMs: 20_000,
  });
}
