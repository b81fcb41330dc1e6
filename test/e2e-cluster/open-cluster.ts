import { join } from "node:path";
import { borrowCluster } from "../../dev/cluster/borrowed.ts";
import { makeClusterPrograms } from "../../dev/cluster/programs.ts";
import { type Cluster, type ClusterFlags, type OwnCluster, startCluster } from "../../dev/cluster/start.ts";
import { workFolder } from "../../dev/paths.ts";

/** `make e2e-cluster KUBECONFIG=...`: of an administrator of the cluster that is used in place of the tests' own. */
const KUBECONFIG = process.env.BERTH_CLUSTER_KUBECONFIG || undefined;

/** Whether the tests use a cluster that is not theirs: nobody can kill its server or knows its authority's key. */
export const isBorrowed = KUBECONFIG !== undefined;

/** A cluster for one file of tests, with files below a folder. Flags count only for a cluster of the tests' own. */
export function openSomeCluster(folderName: string, flags: ClusterFlags = {}): Promise<Cluster | OwnCluster> {
  if (KUBECONFIG !== undefined) return borrowCluster(KUBECONFIG, join(workFolder, folderName));
  return openOwnCluster(folderName, flags);
}

/** A control plane of the tests' own; minutes the first time, since it has to be compiled. */
export async function openOwnCluster(folderName: string, flags: ClusterFlags = {}): Promise<OwnCluster> {
  await makeClusterPrograms();
  return startCluster(join(workFolder, folderName), flags);
}
