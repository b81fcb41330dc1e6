import { access, constants, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { bad, type Finding, good, unknown } from "./finding.ts";
import type { Ground } from "./ground.ts";
import { allowForwarding, writeNetworkList } from "./repair-network.ts";

/** The CNI list, the plugins that it names, and forwarding. */
export async function checkNetwork(ground: Ground): Promise<Finding[]> {
  return [...(await cniFindings(ground)), await forwardingFinding(ground)];
}

const USUAL_PLUGIN_DIRS = ["/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni"];

async function cniFindings({ runtime, root }: Ground): Promise<Finding[]> {
  if (runtime.kind !== "answers" || runtime.cni === undefined) {
    return [unknown("CNI", "the runtime did not tell where its network configuration lies")];
  }
  const { confDir, binDirs, ownLoopback } = runtime.cni;
  const list = await firstList(`${root}${confDir}`);
  const needed = ["bridge", "host-local", "portmap", ...(ownLoopback ? [] : ["loopback"])];
  if (list === undefined) {
    const missing = await missingPlugins(needed, binDirs, root);
    const fix = `put a list into ${confDir}; berth doctor --fix writes one with bridge, portmap and a free subnet`;
    const text = `there is no CNI list in ${confDir}: pods get no network`;
    return [
      bad("CNI list", text, fix, missing.length > 0 ? undefined : writeNetworkList(`${root}${confDir}`)),
      await pluginFinding(needed, binDirs, root),
    ];
  }
  if ("broken" in list) {
    return [
      bad(
        "CNI list",
        `${list.name} cannot be read: ${list.broken}`,
        `mend ${join(confDir, list.name)}, or move it away and run berth doctor --fix`,
      ),
    ];
  }
  const listed = good("CNI list", `${list.name}: ${list.plugins.join(", ")}`);
  const first = list.plugins.includes("portmap")
    ? listed
    : bad(
        "CNI list",
        `${list.name} has no portmap: hostPort has no effect`,
        `add {"type": "portmap", "capabilities": {"portMappings": true}} to its plugins`,
      );
  const used = [...list.plugins, ...list.ipam, ...(ownLoopback ? [] : ["loopback"])];
  return [first, await pluginFinding([...new Set(used)], binDirs, root)];
}

async function pluginFinding(names: readonly string[], binDirs: readonly string[], root: string): Promise<Finding> {
  const missing = await missingPlugins(names, binDirs, root);
  if (missing.length === 0) return good("CNI plugins", `${names.join(", ")} in ${binDirs.join(", ")}`);
  const elsewhere = USUAL_PLUGIN_DIRS.filter((dir) => !binDirs.includes(dir));
  const found = (await missingPlugins(missing, elsewhere, root)).length === 0 ? elsewhere : [];
  const text = `${missing.join(", ")}: not in ${binDirs.join(", ")}`;
  const [place] = found;
  return bad(
    "CNI plugins",
    text,
    place === undefined
      ? "install the CNI plugins: apt-get install containernetworking-plugins"
      : `they are in ${found.join(" or ")}: add it to bin_dirs (bin_dir before containerd 2) of the cni section in /etc/containerd/config.toml, and restart containerd`,
  );
}

async function missingPlugins(names: readonly string[], dirs: readonly string[], root: string): Promise<string[]> {
  const there = await Promise.all(
    names.map(async (name) => {
      const tries = dirs.map((dir) =>
        access(join(root + dir, name), constants.X_OK).then(
          () => true,
          () => false,
        ),
      );
      return (await Promise.all(tries)).includes(true);
    }),
  );
  return names.filter((_, at) => !there[at]);
}

type NetworkList =
  | { readonly name: string; readonly plugins: readonly string[]; readonly ipam: readonly string[] }
  | { readonly name: string; readonly broken: string };

/** The runtime takes the first file in the order of names. */
async function firstList(confDir: string): Promise<NetworkList | undefined> {
  const names = await readdir(confDir).catch(() => []);
  const name = names.filter((each) => /\.(conflist|conf|json)$/.test(each)).sort()[0];
  if (name === undefined) return undefined;
  try {
    const text = JSON.parse(await readFile(join(confDir, name), "utf8")) as Plugin & { plugins?: Plugin[] };
    const plugins = text.plugins ?? [text];
    const ipam = plugins.flatMap((plugin) => plugin.ipam?.type ?? []);
    return { name, plugins: plugins.map(({ type = "?" }) => type), ipam };
  } catch (error) {
    return { name, broken: error instanceof Error ? error.message : String(error) };
  }
}

type Plugin = { readonly type?: string; readonly ipam?: { readonly type?: string } };

async function forwardingFinding({ root }: Ground): Promise<Finding> {
  const path = "/proc/sys/net/ipv4/ip_forward";
  const value = (await readFile(`${root}${path}`, "utf8").catch(() => "")).trim();
  if (value === "1") return good("forwarding", "net.ipv4.ip_forward is on");
  if (value === "") return unknown("forwarding", `${path} cannot be read`);
  return bad(
    "forwarding",
    "net.ipv4.ip_forward is off: pods reach this host and nothing else",
    "echo net.ipv4.ip_forward=1 >/etc/sysctl.d/60-berth.conf && sysctl --system; berth doctor --fix does both",
    allowForwarding(root),
  );
}
