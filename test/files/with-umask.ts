/** Run as a program of its own under a hostile umask: prints the path of the termination log that it made. */
import { join } from "node:path";
import { silentLog } from "../../src/base/log.ts";
import { podOf, requestOf } from "./pods.ts";

process.umask(0o077);
const root = process.argv[2] ?? "";
// Imported late, since the rooms read the umask when they load.
const { makePodFiles } = await import("../../src/files/pod-files.ts");
const { takeRootDir } = await import("../../src/files/root-dir.ts");

const signal = new AbortController().signal;
const wanted = {
  rootDir: join(root, "state"),
  podLogsDir: join(root, "logs/pods"),
  containerLogsDir: join(root, "logs/containers"),
};
const { places } = await takeRootDir(wanted, signal);
const files = makePodFiles({
  settings: { ...places, clusterDomain: "cluster.local" },
  log: silentLog,
  allocatable: { cpuMillis: 0, memoryBytes: 0 },
  recursiveReadOnly: () => false,
  hostsFile: "/etc/hosts",
  threadPoolSize: 4,
});

const volumes = [
  { name: "scratch", emptyDir: {} },
  { name: "data", hostPath: { path: join(root, "data/below"), type: "DirectoryOrCreate" } },
];
const pod = podOf({ volumes });
await files.makeHome(pod, signal);
for (const { name } of volumes) await files.setVolume(pod, name, new Map(), signal);
const mounts = await files.prepareContainer(requestOf(pod), signal);
console.log(mounts.at(-1)?.hostPath);
