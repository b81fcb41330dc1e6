import { readdir, readFile, readlink, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { readBeginning } from "../base/bounded-file.ts";

/** A kubelet that works with the same runtime. */
export type FoundKubelet = {
  readonly pid: number;
  /** Its program, for the message. */
  readonly program: string;
  readonly endpoint: string;
};

/** Programs that hold a kubelet, and the runtime that they use unless they are told otherwise. */
const PROGRAMS: Readonly<Record<string, string>> = {
  kubelet: "unix:///run/containerd/containerd.sock",
  kubelite: "unix:///var/snap/microk8s/common/run/containerd.sock",
  k3s: "unix:///run/k3s/containerd/containerd.sock",
  "k3s-server": "unix:///run/k3s/containerd/containerd.sock",
  "k3s-agent": "unix:///run/k3s/containerd/containerd.sock",
  k0s: "unix:///run/k0s/containerd.sock",
};

/**
 * Looks among the host's processes for a kubelet on this runtime endpoint; two agents on one runtime would end each
 * other's pods. Processes come and go while it looks: what cannot be read is passed over.
 */
export async function findKubelet(
  endpoint: string,
  signal: AbortSignal,
  procDir = "/proc",
): Promise<FoundKubelet | undefined> {
  const ours = await socketIdentity(socketPath(endpoint), "/");
  for (const entry of await readdir(procDir)) {
    signal.throwIfAborted();
    if (!/^\d+$/.test(entry)) continue;
    const process = join(procDir, entry);
    const kubelet = await readKubelet(process);
    if (kubelet === undefined) continue;
    const theirs = await endpointOf(kubelet, process);
    if (await isSame(endpoint, ours, theirs, process)) {
      return { pid: Number(entry), program: kubelet.program, endpoint: theirs };
    }
  }
  return undefined;
}

/** Bytes of the configuration of what may be a kubelet, which any container can name. @limit The rest is not read. */
const LARGEST_CONFIG_BYTES = 1024 * 1024;

type Kubelet = { readonly program: string; readonly usual: string; readonly args: readonly string[] };

async function readKubelet(process: string): Promise<Kubelet | undefined> {
  const line = await readFile(join(process, "cmdline"), "latin1").catch(() => "");
  const [path = "", ...args] = line.split("\0");
  if (path === "") return undefined;
  // `k3s server` renames itself to one word with blanks.
  const called = basename(path.split(" ", 1)[0] ?? "");
  const usual = Object.hasOwn(PROGRAMS, called) ? PROGRAMS[called] : await usualOfFile(process, called, args);
  return usual === undefined ? undefined : { program: called, usual, args };
}

/** A program that is called otherwise may still be one, by its file or by its first word. */
async function usualOfFile(process: string, called: string, args: readonly string[]): Promise<string | undefined> {
  if (called === "hyperkube") return args.includes("kubelet") ? PROGRAMS.kubelet : undefined;
  // Reading the link of every process would cost far more than their names, and tells nothing about most of them.
  if (!called.includes("kube")) return undefined;
  const file = basename(await readlink(join(process, "exe")).catch(() => "")).replace(/ \(deleted\)$/, "");
  return Object.hasOwn(PROGRAMS, file) ? PROGRAMS[file] : undefined;
}

async function endpointOf({ args, usual }: Kubelet, process: string): Promise<string> {
  const flag = flagValue(args, "container-runtime-endpoint");
  if (flag) return flag;
  const config = flagValue(args, "config");
  if (config === undefined) return usual;
  const text = await readBeginning(inside(process, config), LARGEST_CONFIG_BYTES).catch(() => "");
  // One line is wanted of a file that is not ours: YAML or JSON, whichever.
  return /^[\s{,]*"?containerRuntimeEndpoint"?\s*:\s*["']?([^"'\s,#}]+)/m.exec(text)?.[1] ?? usual;
}

function flagValue(args: readonly string[], name: string): string | undefined {
  for (const [place, arg] of args.entries()) {
    const written = arg.replace(/^--?/, "");
    if (arg.startsWith("-") && written === name) return args[place + 1];
    if (arg.startsWith("-") && written.startsWith(`${name}=`)) return written.slice(name.length + 1);
  }
  return undefined;
}

/** A process may live in a root of its own; this is how its paths look from here. */
const inside = (process: string, path: string): string => join(process, "root", path);

const socketPath = (endpoint: string): string => endpoint.replace(/^unix:(\/\/)?/, "");

type SocketIdentity = { readonly device: bigint; readonly inode: bigint };

async function socketIdentity(path: string, root: string): Promise<SocketIdentity | undefined> {
  try {
    const { dev, ino } = await stat(join(root, path), { bigint: true });
    return { device: dev, inode: ino };
  } catch {
    return undefined;
  }
}

/** One socket may have many paths, and one path may be two sockets: the object decides, and the text only without it. */
async function isSame(
  endpoint: string,
  ours: SocketIdentity | undefined,
  theirs: string,
  process: string,
): Promise<boolean> {
  const found = await socketIdentity(socketPath(theirs), join(process, "root"));
  if (ours === undefined || found === undefined) return normal(endpoint) === normal(theirs);
  return ours.device === found.device && ours.inode === found.inode;
}

/** /var/run is /run wherever a kubelet runs. */
const normal = (endpoint: string): string => socketPath(endpoint).replace(/^\/var\/run\//, "/run/");
