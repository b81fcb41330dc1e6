import { mkdir, writeFile } from "node:fs/promises";
import { networkInterfaces, release } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startBerthd } from "../agent/berthd.ts";
import { freePort } from "../agent/free-port.ts";
import { agentPlacesOf } from "../agent/places.ts";
import { programOf } from "../agent/programs.ts";
import { programPath } from "../cluster/places.ts";
import type { Cluster } from "../cluster/start.ts";
import { runCommand, tryCommand } from "../run-command.ts";
import { programsOf } from "../runtime/places.ts";
import type { Runtime } from "../runtime/start.ts";
import { openScreen, type Screen } from "../tmux.ts";
import { type Breakages, breakagesOf, fillDisk, mountSmallDisk } from "./breakages.ts";
import type { Stage } from "./page.ts";
import { type Stand, steady } from "./steady.ts";

const NODE = "box";
const PATIENCE_MS = 90_000;
/** Stands for the host's own in the pages. */
const ADDRESS = "192.0.2.1";

/** The host on which pages are played: a berthd beside a private runtime, a folder with the page's files, and a shell. */
export type Host = { readonly stage: Stage; close(): Promise<void> };

/**
 * Starts berthd. `berth` on the pages' PATH asks it; `doctor` sees a network of its own, in which forwarding is on. With a
 * cluster berthd is one of its nodes, and `kubectl` is on the PATH.
 */
export async function openHost(runtime: Runtime, cluster?: Cluster): Promise<Host> {
  const places = agentPlacesOf(runtime.places, "pages");
  const bench = join(places.folder, "bench");
  const port = await freePort();
  const settings = {
    places,
    endpoint: runtime.endpoint,
    cgroupRoot: `${runtime.cgroupRoot}/pages`,
    nodeName: NODE,
    port,
    kubelet: { fileCheckFrequency: "1s", ...(cluster === undefined ? {} : await nodeConfig(cluster)) },
    agent: { allowKubelet: true },
  };
  await mkdir(places.manifests, { recursive: true });
  const address = ownAddress();
  const flags = cluster === undefined ? [] : ["--kubeconfig", await cluster.nodeKubeconfig(NODE), "--node-ip", address];
  let berthd = await startBerthd(settings, flags);
  await berthd.ready();
  /** Changes what only a berthd that begins takes up. */
  const between = async (change: () => Promise<unknown>): Promise<void> => {
    await berthd.stop();
    await change();
    berthd = await startBerthd(settings, flags);
    await berthd.ready();
  };
  const network = `berth-pages-${runtime.places.key}`;
  await makeHostNetwork(network);
  const { command, args } = programOf("berth");
  const call = [command, ...args].map((word) => `'${word}'`).join(" ");
  await writeProgram(join(bench, "bin/berth"), doctorInside(network, runtime.places.config, call));
  if (cluster !== undefined)
    await writeProgram(join(bench, "bin/kubectl"), `#!/bin/sh\nexec '${programPath("kubectl")}' "$@"\n`);
  const environment = {
    PATH: `${join(bench, "bin")}:${dirname(programsOf(runtime.version).ctr)}:/usr/sbin:/usr/bin:/sbin:/bin`,
    BERTH_SOCKET: places.socket,
    MANIFESTS: places.manifests,
    NODE: process.execPath,
    RUNTIME: runtime.places.socket,
    NETWORK: `/run/netns/${network}`,
    HOME: bench,
    ...(cluster === undefined ? {} : { KUBECONFIG: cluster.kubeconfig }),
    LC_ALL: "C.UTF-8",
  };
  const stands: Stand[] = [
    [places.manifests, "/etc/berth/manifests"],
    [places.podLogs, "/var/log/pods"],
    [places.root, "/var/lib/berth"],
    [places.config, "/etc/berth/config.yaml"],
    [places.socket, "/run/berth/berth.sock"],
    [runtime.registry.url, "http://registry.example"],
    [runtime.places.socket, "/run/containerd/containerd.sock"],
    [runtime.places.cniConfig, "/etc/cni/net.d"],
    [programsOf(runtime.version).cni, "/opt/cni/bin"],
    [runtime.places.root, "/var/lib/containerd"],
    [runtime.places.short, "/run/containerd"],
    [runtime.places.folder, "/var/lib/private"],
    ...(cluster === undefined ? [] : clusterStands(address)),
  ];
  const breakages: Breakages = {
    ...breakagesOf(runtime),
    "disk-full": async () => {
      await between(() => mountSmallDisk(places.root));
      await fillDisk(places.root);
    },
    "disk-empty": () => between(() => runCommand("umount", [places.root])),
  };
  const shell = (line: string) =>
    tryCommand("sh", ["-c", line], { env: { ...process.env, ...environment }, cwd: bench });

  const stage: Stage = {
    async run(command) {
      const { stdout } = await shell(`{ ${command}\n} 2>&1`);
      return steady(stdout, stands);
    },
    writeFile: (name, body) => writeFile(join(bench, name), body),
    async step(verb, words) {
      switch (verb) {
        case "sh": {
          const { code, stdout, stderr } = await shell(words);
          if (code !== 0) throw new Error(`${words}: exit ${code}\n${stdout}${stderr}`);
          return;
        }
        case "until":
          return untilTrue(words, () => shell(words));
        case "host": {
          const act = breakages[words];
          if (act === undefined) throw new Error(`no page can do ${words} to its host`);
          return act();
        }
        default:
          throw new Error(`<!-- ${verb}: --> is no step of a page`);
      }
    },
    async screen(columns, rows, keys) {
      const screen = await openScreen(columns, rows, environment);
      try {
        await screen.type(`PS1='$ '; cd ${bench}; clear`);
        await screen.press("Enter");
        await waitFor(screen, /^\$$/m);
        for (const key of keys) await pressKey(screen, key);
        return steady(await screen.text(), stands);
      } finally {
        await screen.close();
      }
    },
  };
  return {
    stage,
    async close() {
      await berthd.stop();
      await tryCommand("umount", [places.root]);
      await tryCommand("ip", ["netns", "delete", network]);
    },
  };
}

/** What the node's own API needs, so that the API server gets through to it. */
const nodeConfig = async ({ clientAuthority }: Cluster) => ({
  port: await freePort(),
  serverTLSBootstrap: true,
  ...{ clusterDNS: ["10.96.0.10"], clusterDomain: "cluster.local" },
  authentication: { x509: { clientCAFile: clientAuthority } },
});

/** Addresses and kernels differ in length: tables keep their columns. */
const clusterStands = (address: string): Stand[] => [
  [address, ADDRESS.padEnd(address.length)],
  [release(), "6.12.0".padEnd(release().length)],
];

function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flat();
  return all.find((each) => each !== undefined && !each.internal && each.family === "IPv4")?.address ?? "127.0.0.1";
}

/** One key of a screen's comment: `type TEXT` ends with Enter, `press KEY`, `shows PATTERN`. */
async function pressKey(screen: Screen, key: string): Promise<void> {
  const [, verb, words = ""] = /^(\w+) (.*)$/s.exec(key) ?? [];
  switch (verb) {
    case "type":
      await screen.type(words);
      return screen.press("Enter");
    case "press":
      return screen.press(words);
    case "shows":
      return waitFor(screen, new RegExp(words, "m"));
    default:
      throw new Error(`a screen knows type, press and shows, not ${key}`);
  }
}

async function waitFor(screen: Screen, pattern: RegExp): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await sleep(50)) {
    if (pattern.test(await screen.text())) return;
  }
  throw new Error(`the screen never showed ${pattern}:\n${await screen.text()}`);
}

async function untilTrue(words: string, run: () => ReturnType<typeof tryCommand>): Promise<void> {
  let last = "";
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await sleep(200)) {
    const { code, stdout, stderr } = await run();
    if (code === 0) return;
    last = `${stdout}${stderr}`;
  }
  throw new Error(`it never came true: ${words}\n${last}`);
}

/** A network for the doctor to look at, so that what it says and mends is not about the machine that writes the pages. */
async function makeHostNetwork(network: string): Promise<void> {
  await tryCommand("ip", ["netns", "delete", network]);
  await runCommand("ip", ["netns", "add", network]);
  const inside = `--net=/run/netns/${network}`;
  await runCommand("nsenter", [inside, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward; ip link set lo up"]);
}

/** An /etc of its own as well, where containerd's configuration is found and nothing of this machine is written to. */
const doctorInside = (network: string, containerdConfig: string, call: string): string =>
  [
    "#!/bin/sh",
    `etc() {`,
    `  mount -t tmpfs tmpfs /mnt && mkdir /mnt/upper /mnt/work`,
    `  mount -t overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work overlay /etc`,
    `  rm -rf /etc/sysctl.d && mkdir -p /etc/sysctl.d /etc/containerd && cp '${containerdConfig}' /etc/containerd/config.toml`,
    `}`,
    `case "$1" in`,
    `in-private) shift; etc && exec "$@" ;;`,
    `doctor) exec nsenter --net=/run/netns/${network} unshare --mount "$0" in-private ${call} "$@" ;;`,
    "esac",
    `exec ${call} "$@"`,
    "",
  ].join("\n");

async function writeProgram(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text, { mode: 0o755 });
}
