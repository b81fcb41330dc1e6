import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { type CriClient, makeCriClient } from "../../cri/client.ts";
import { CriError } from "../../cri/failure.ts";
import { STATUS } from "../../cri/grpc/status.ts";
import { lookUp } from "../../cri/lookup.ts";
import { LABEL } from "../../cri/names.ts";
import type { RuntimeAnswers, SandboxImage } from "./ground.ts";

const REQUEST_TIMEOUT_MS = 5000;

/** Asks the runtime all that the doctor wants to know. Never throws. */
export async function askRuntime(endpoint: string, root: string, signal: AbortSignal): Promise<RuntimeAnswers> {
  const path = endpoint.replace(/^unix:\/\//, "");
  const refused = await knock(path);
  if (refused !== undefined) return { kind: "silent", code: refused.code ?? "", message: refused.message };
  const client = makeCriClient({ endpoint, requestTimeoutMs: REQUEST_TIMEOUT_MS });
  try {
    return await ask(client, root, signal);
  } catch (error) {
    if (error instanceof CriError && error.status === STATUS.unimplemented)
      return { kind: "noCri", message: error.details };
    return { kind: "silent", code: "", message: error instanceof Error ? error.message : String(error) };
  } finally {
    client.close();
  }
}

/** Undefined when somebody opens. */
async function knock(path: string): Promise<NodeJS.ErrnoException | undefined> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.ErrnoException | undefined>();
  const socket = connect(path);
  socket.on("connect", () => resolve(undefined));
  socket.on("error", resolve);
  return promise.finally(() => socket.destroy());
}

async function ask(client: CriClient, root: string, signal: AbortSignal): Promise<RuntimeAnswers> {
  const facts = await lookUp(client, signal);
  const { info } = await client.call("Status", { verbose: true }, signal);
  const config = parse(info.config);
  const cni = config.cni as
    | { confDir?: string; binDir?: string; binDirs?: string[]; useInternalLoopback?: boolean }
    | undefined;
  const { items } = await client.call("ListPodSandbox", {}, signal);
  const { image_filesystems } = await client.call("ImageFsInfo", {}, signal);
  return {
    kind: "answers",
    name: facts.name,
    version: facts.version,
    conditions: facts.conditions,
    cgroupDriver: facts.cgroupDriver ?? configuredDriver(config),
    tellsDriver: facts.cgroupDriver !== undefined,
    cni:
      cni?.confDir === undefined
        ? undefined
        : {
            confDir: cni.confDir,
            binDirs: cni.binDirs?.length ? cni.binDirs : [cni.binDir ?? "/opt/cni/bin"],
            ownLoopback: cni.useInternalLoopback ?? false,
          },
    sandboxImage: await sandboxImage(client, config, facts.version, root, signal),
    imageDirectory: image_filesystems[0]?.fs_id?.mountpoint,
    foreignPods: items.filter(({ labels }) => LABEL.podUid in labels && !(LABEL.owner in labels)).length,
  };
}

type Config = Readonly<Record<string, unknown>>;

function parse(text: string | undefined): Config {
  try {
    return JSON.parse(text ?? "{}") as Config;
  } catch {
    return {};
  }
}

type Containerd = {
  readonly defaultRuntimeName?: string;
  readonly runtimes?: Readonly<Record<string, { readonly options?: { readonly SystemdCgroup?: boolean } | null }>>;
};

/** Runtimes that cannot be asked for it still show it in their configuration. */
function configuredDriver(config: Config): "systemd" | "cgroupfs" | undefined {
  const { defaultRuntimeName = "runc", runtimes } = (config.containerd ?? {}) as Containerd;
  const runtime = runtimes?.[defaultRuntimeName];
  if (runtime === undefined) return undefined;
  return runtime.options?.SystemdCgroup === true ? "systemd" : "cgroupfs";
}

const CONTAINERD_CONFIG = "/etc/containerd/config.toml";
/** What each version takes when its configuration names none. */
const USUAL_IMAGES: readonly (readonly [RegExp, string])[] = [
  [/^v?1\.[0-6]\./, "registry.k8s.io/pause:3.6"],
  [/^v?1\.7\./, "registry.k8s.io/pause:3.8"],
  [/^v?2\.[01]\./, "registry.k8s.io/pause:3.10"],
];

async function sandboxImage(
  client: CriClient,
  config: Config,
  version: string,
  root: string,
  signal: AbortSignal,
): Promise<SandboxImage> {
  const { images } = await client.call("ListImages", {}, signal);
  const pinned = images.find((image) => image.pinned)?.repo_tags[0];
  const written = await readFile(`${root}${CONTAINERD_CONFIG}`, "utf8").catch(() => "");
  const [, inFile] = /^\s*(?:sandbox_image|sandbox)\s*=\s*["']([^"']+)["']/m.exec(written) ?? [];
  const told = typeof config.sandboxImage === "string" ? config.sandboxImage : undefined;
  const sure = told ?? inFile ?? pinned;
  const name = sure ?? USUAL_IMAGES.find(([pattern]) => pattern.test(version))?.[1] ?? "registry.k8s.io/pause:3.10.1";
  const { image, info } = await client.call("ImageStatus", { image: { image: name }, verbose: true }, signal);
  if (image === undefined) return { name, isSure: sure !== undefined, found: undefined };
  const spec = parse(info.info).imageSpec as
    | { architecture?: string; config?: { Entrypoint?: string[]; Cmd?: string[] } }
    | undefined;
  const entrypoint = [...(spec?.config?.Entrypoint ?? []), ...(spec?.config?.Cmd ?? [])];
  return { name, isSure: sure !== undefined, found: { entrypoint, architecture: spec?.architecture ?? "" } };
}
