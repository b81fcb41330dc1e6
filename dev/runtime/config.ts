import { pauseImage } from "../images/catalog.ts";
import type { Places, Programs, RuntimeVersion } from "./places.ts";

/** What a TOML document may hold here. */
type Toml = string | number | boolean | string[] | { [key: string]: Toml };

/**
 * Writes containerd's configuration. Every path that containerd would choose on the host is led into the folder; AppArmor
 * is off and oom scores are limited to what the machine permits, for machines that lack those capabilities.
 */
export function containerdConfig(
  version: RuntimeVersion,
  places: Places,
  programs: Programs,
  snapshotter: string,
): string {
  return toToml(version === "2" ? configV3(places, programs, snapshotter) : configV2(places, programs, snapshotter));
}

function daemon(places: Places): { [key: string]: Toml } {
  return {
    root: places.root,
    state: places.state,
    temp: `${places.folder}/tmp`,
    grpc: { address: places.socket },
    debug: { level: "info" },
  };
}

/** Snapshotters and the like that no test needs: without them containerd starts sooner and warns less. */
const unused = ["aufs", "blockfile", "btrfs", "devmapper", "erofs", "zfs"].map(
  (name) => `io.containerd.snapshotter.v1.${name}`,
);

const streaming = { stream_server_address: "127.0.0.1", stream_server_port: "0" };

const sandboxLimits = {
  disable_apparmor: true,
  restrict_oom_score_adj: true,
  enable_unprivileged_ports: true,
  enable_unprivileged_icmp: true,
  netns_mounts_under_state_dir: true,
};

function runcRuntime(places: Places, programs: Programs): Toml {
  return { runtime_type: "io.containerd.runc.v2", options: { BinaryName: programs.runc, Root: places.runc } };
}

function configV2(places: Places, programs: Programs, snapshotter: string): { [key: string]: Toml } {
  return {
    version: 2,
    ...daemon(places),
    disabled_plugins: unused,
    plugins: {
      "io.containerd.internal.v1.opt": { path: `${places.folder}/opt` },
      "io.containerd.grpc.v1.cri": {
        ...streaming,
        ...sandboxLimits,
        sandbox_image: pauseImage,
        cni: { bin_dir: programs.cni, conf_dir: places.cniConfig },
        containerd: { snapshotter, runtimes: { runc: runcRuntime(places, programs) } },
        registry: { config_path: places.certs },
      },
    },
  };
}

function configV3(places: Places, programs: Programs, snapshotter: string): { [key: string]: Toml } {
  return {
    version: 3,
    ...daemon(places),
    disabled_plugins: unused,
    plugins: {
      "io.containerd.internal.v1.opt": { path: `${places.folder}/opt` },
      "io.containerd.image-verifier.v1.bindir": { bin_dir: `${places.folder}/opt/verifiers` },
      "io.containerd.nri.v1.nri": { disable: true },
      "io.containerd.grpc.v1.cri": streaming,
      "io.containerd.cri.v1.images": {
        snapshotter,
        pinned_images: { sandbox: pauseImage },
        registry: { config_path: places.certs },
      },
      "io.containerd.cri.v1.runtime": {
        ...sandboxLimits,
        enable_cdi: true,
        cdi_spec_dirs: [`${places.folder}/cdi`],
        cni: { bin_dirs: [programs.cni], conf_dir: places.cniConfig },
        containerd: { runtimes: { runc: runcRuntime(places, programs) } },
      },
    },
  };
}

/** Prints a table: plain values first, then the tables below it under their dotted, quoted names. */
function toToml(table: { [key: string]: Toml }, path: string[] = []): string {
  const lines: string[] = path.length > 0 ? [`[${path.map((part) => JSON.stringify(part)).join(".")}]`] : [];
  const below: string[] = [];
  for (const [key, value] of Object.entries(table)) {
    if (typeof value === "object" && !Array.isArray(value)) below.push(toToml(value, [...path, key]));
    else lines.push(`${key} = ${JSON.stringify(value)}`);
  }
  return `${[...lines, ...below].join("\n")}\n`;
}
