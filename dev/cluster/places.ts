import { homedir } from "node:os";
import { join } from "node:path";
import { workFolder } from "../paths.ts";

/** The version of Kubernetes that Debian 12 has the sources of. */
export const CLUSTER_VERSION = "1.20.2";

/** The suite whose source package is built. */
export const CLUSTER_SUITE = "bookworm";

const cacheFolder = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");

/** What is fetched and built once for all checkouts of this user; removing it costs minutes, nothing else. */
export const clusterCache = join(cacheFolder, "berth/cluster", CLUSTER_VERSION);

/** Every program of the cluster lies here once it is complete. */
export const programFolder = join(clusterCache, "programs");

/** Where a cluster runs unless its caller says otherwise. */
export const defaultClusterFolder = join(workFolder, "cluster");

/** The programs that a cluster is made of. */
export const clusterPrograms = [
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kubectl",
  "etcd",
] as const;

/** One of the cluster's programs. */
export type ClusterProgram = (typeof clusterPrograms)[number];

/** Where a program of the cluster lies. */
export const programPath = (name: ClusterProgram): string => join(programFolder, name);
