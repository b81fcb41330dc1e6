import { dirname } from "node:path";
import type { Log } from "../base/log.ts";
import type { PreparedMount, PrepareRequest } from "../ports.ts";
import { type MountTools, volumeMounts } from "./container-mounts.ts";
import { makeDirs, writeExact } from "./exact.ts";
import { writeHosts } from "./hosts.ts";
import { containerLogDir, hostsFile, terminationLog } from "./layout.ts";
import type { PodFilesOptions } from "./options.ts";

export type PrepareTools = MountTools & { readonly options: PodFilesOptions; readonly log: Log };

/** Everything on the host that one coming instance needs, side by side; answers with its mounts in order (2.4). */
export async function prepareContainer(
  request: PrepareRequest,
  tools: PrepareTools,
  signal: AbortSignal,
): Promise<readonly PreparedMount[]> {
  const [volumes, hosts, termination] = await Promise.all([
    volumeMounts(request, tools, signal),
    hostsMount(request, tools),
    terminationMount(request, tools),
    makeDirs(containerLogDir(tools.places, request.pod, request.container.name), 0o755),
  ]);
  return [...volumes, ...hosts, ...termination];
}

const HOSTS_PATH = "/etc/hosts";

/** None when a volume takes its place, or while the pod has no address to put into it (2.4). */
async function hostsMount(request: PrepareRequest, { places, options }: PrepareTools): Promise<PreparedMount[]> {
  const { pod, container, podIps } = request;
  const replaced = container.spec.volumeMounts?.some(({ mountPath }) => mountPath === HOSTS_PATH);
  if (replaced || (!pod.hostNetwork && podIps.length === 0)) return [];
  const path = hostsFile(places, pod.uid);
  await writeHosts(path, pod, podIps, options);
  return [plainMount(HOSTS_PATH, path)];
}

/** A fresh file for each instance (S31). A container runs without rather than not at all. */
async function terminationMount(request: PrepareRequest, { places, log }: PrepareTools): Promise<PreparedMount[]> {
  const { pod, container, attempt } = request;
  const containerPath = container.spec.terminationMessagePath;
  if (!containerPath) return [];
  try {
    const path = terminationLog(places, pod.uid, container.name, attempt);
    await makeDirs(dirname(path), 0o750);
    await writeExact(path, "", 0o666);
    return [plainMount(containerPath, path)];
  } catch (error) {
    log.warn("cannot make a termination log", { pod: pod.uid, container: container.name, error });
    return [];
  }
}

const plainMount = (containerPath: string, hostPath: string): PreparedMount => ({
  containerPath,
  hostPath,
  readOnly: false,
  propagation: "private",
  recursiveReadOnly: false,
});
