import { spawnSync } from "node:child_process";
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { forever, house, scratch } from "./kit.ts";
import { podOf, requestOf } from "./pods.ts";

const mode = (path: string): string => (statSync(path).mode & 0o7777).toString(8);

describe("a pod's home", () => {
  it("has the kubelet's directories, and may be made again", async () => {
    const { files, options } = house();
    const pod = podOf();
    await files.makeHome(pod, forever);
    await files.makeHome(pod, forever);
    const home = join(options.settings.rootDir, "pods/uid-1");
    expect([home, `${home}/volumes`, `${home}/containers`].map(mode)).toEqual(["750", "750", "750"]);
    expect(mode(join(options.settings.podLogsDir, "default_web-node1_uid-1"))).toBe("755");
  });

  it("gives modes exactly, whatever the umask", () => {
    const root = scratch();
    const script = join(import.meta.dirname, "with-umask.ts");
    const run = spawnSync(process.execPath, [script, root], { encoding: "utf8", shell: false });
    expect(run.stderr).toBe("");
    const home = join(root, "state/pods/uid-1");
    const modes = {
      home: mode(home),
      hosts: mode(join(home, "etc-hosts")),
      logs: mode(join(root, "logs/pods/default_web-node1_uid-1/c0")),
      emptyDir: mode(join(home, "volumes/kubernetes.io~empty-dir/scratch")),
      hostPath: mode(join(root, "data/below")),
      termination: mode(run.stdout.trim()),
    };
    expect(modes).toEqual({
      home: "750",
      hosts: "644",
      logs: "755",
      emptyDir: "777",
      hostPath: "755",
      termination: "666",
    });
  });

  it.each(["../../etc", "a/b", "..", "", "nul\0"])("refuses the UID %j", async (uid) => {
    const { files } = house();
    await expect(files.makeHome(podOf({ uid }), forever)).rejects.toMatchObject({ code: "FileFailed" });
  });
});

describe("a container's files", () => {
  it("are hosts, termination log and log directory, mounted last (2.4)", async () => {
    const { files, options } = house();
    const pod = podOf({ spec: { hostAliases: [{ ip: "10.1.1.1", hostnames: ["a", "b"] }], subdomain: "sub" } });
    await files.makeHome(pod, forever);
    const mounts = await files.prepareContainer(requestOf(pod, { podIps: ["10.0.0.7", "fd00::7"] }), forever);
    expect(mounts.map((mount) => mount.containerPath)).toEqual(["/etc/hosts", "/dev/termination-log"]);
    expect(readFileSync(mounts[0]?.hostPath ?? "", "utf8")).toBe(
      [
        "# Kubernetes-managed hosts file.",
        "127.0.0.1\tlocalhost",
        "::1\tlocalhost ip6-localhost ip6-loopback",
        "fe00::0\tip6-localnet",
        "fe00::0\tip6-mcastprefix",
        "fe00::1\tip6-allnodes",
        "fe00::2\tip6-allrouters",
        "10.0.0.7\tweb-node1.sub.default.svc.cluster.local\tweb-node1",
        "fd00::7\tweb-node1.sub.default.svc.cluster.local\tweb-node1",
        "",
        "# Entries added by HostAliases.",
        "10.1.1.1\ta\tb",
        "",
      ].join("\n"),
    );
    expect(mounts[1]?.hostPath).toMatch(/uid-1\/containers\/c0\/[0-9a-f]{8}$/);
    expect(statSync(join(options.settings.podLogsDir, "default_web-node1_uid-1/c0")).isDirectory()).toBe(true);
  });

  it("have the node's hosts file, byte for byte, on the host network", async () => {
    const { files, root } = house();
    writeFileSync(join(root, "node-hosts"), "10.9.9.9 node");
    const pod = podOf({ spec: { hostNetwork: true } });
    await files.makeHome(pod, forever);
    const [hosts] = await files.prepareContainer(requestOf(pod, { podIps: [] }), forever);
    expect(readFileSync(hosts?.hostPath ?? "", "utf8")).toBe(
      "# Kubernetes-managed hosts file (host network).\n10.9.9.9 node",
    );
  });

  it("leave the hosts file out while there is no address, and where a volume takes its place", async () => {
    const { files, root } = house();
    const pod = podOf({
      containers: [{ volumeMounts: [{ name: "h", mountPath: "/etc/hosts" }] }],
      volumes: [{ name: "h", hostPath: { path: join(root, "hosts") } }],
    });
    await files.makeHome(pod, forever);
    const paths = async (podIps: string[], which = pod): Promise<(string | undefined)[]> =>
      (await files.prepareContainer(requestOf(which, { podIps }), forever)).map((mount) => mount.hostPath);
    expect(await paths(["10.0.0.7"])).toEqual([join(root, "hosts"), expect.stringContaining("containers/c0")]);
    expect(await paths([], podOf())).toEqual([expect.stringContaining("containers/c0")]);
  });

  it("keep the hosts file's inode, since running containers have it mounted", async () => {
    const { files } = house();
    const pod = podOf();
    await files.makeHome(pod, forever);
    const [first] = await files.prepareContainer(requestOf(pod), forever);
    const before = statSync(first?.hostPath ?? "").ino;
    const [second] = await files.prepareContainer(requestOf(pod, { podIps: ["10.0.0.8"], attempt: 1 }), forever);
    expect(statSync(second?.hostPath ?? "").ino).toBe(before);
    expect(readFileSync(second?.hostPath ?? "", "utf8")).toContain("10.0.0.8\tweb-node1");
  });

  it("start every instance with an empty termination log of its own", async () => {
    const { files } = house();
    const pod = podOf();
    await files.makeHome(pod, forever);
    const first = (await files.prepareContainer(requestOf(pod), forever)).at(-1)?.hostPath ?? "";
    writeFileSync(first, "died");
    const second = (await files.prepareContainer(requestOf(pod, { attempt: 1 }), forever)).at(-1)?.hostPath ?? "";
    expect(second).not.toBe(first);
    expect(readFileSync(second, "utf8")).toBe("");
    expect(readFileSync(first, "utf8")).toBe("died");
  });
});

describe("logs of instances", () => {
  const pod = podOf();

  async function withLogs(names: readonly string[]) {
    const built = house();
    await built.files.makeHome(pod, forever);
    await built.files.prepareContainer(requestOf(pod), forever);
    const directory = join(built.options.settings.podLogsDir, "default_web-node1_uid-1/c0");
    for (const name of names) writeFileSync(join(directory, name), "");
    return { ...built, directory };
  }

  it("tell the highest attempt, rotated files too (S28)", async () => {
    const { files } = await withLogs(["0.log", "2.log.20300101-000000.gz", "x.log", "7.logs", "10.log"]);
    expect(await files.lastAttempt(pod, "c0", forever)).toBe(10);
    expect(await files.lastAttempt(pod, "other", forever)).toBeUndefined();
  });

  it("are linked where collectors look, and the link's name fits (S30)", async () => {
    const { files, options, directory } = await withLogs(["0.log"]);
    const long = podOf({ name: "n".repeat(180) });
    await files.makeHome(long, forever);
    await files.prepareContainer(requestOf(long), forever);
    writeFileSync(files.logPath(long, "c0", 0), "");
    await files.linkLog(pod, "c0", 0, "abc", forever);
    await files.linkLog(pod, "c0", 0, "abc", forever);
    await files.linkLog(long, "c0", 0, "f".repeat(100), forever);
    const links = options.settings.containerLogsDir;
    expect(readlinkSync(join(links, "web-node1_default_c0-abc.log"))).toBe(join(directory, "0.log"));
    const name = `${"n".repeat(180)}_default_c0-${"f".repeat(100)}`.slice(0, 251);
    expect(lstatSync(join(links, `${name}.log`)).isSymbolicLink()).toBe(true);
  });

  it("replace a link that leads elsewhere", async () => {
    const { files, options, directory } = await withLogs(["0.log", "1.log"]);
    await files.linkLog(pod, "c0", 0, "abc", forever);
    await files.linkLog(pod, "c0", 1, "abc", forever);
    const link = join(options.settings.containerLogsDir, "web-node1_default_c0-abc.log");
    expect(readlinkSync(link)).toBe(join(directory, "1.log"));
  });

  it("go with their instance, and only those (G10)", async () => {
    const names = ["1.log", "1.log.20300101-000000", "1.log.20300101-000000.gz", "10.log", "11.log.gz"];
    const { files, options, directory } = await withLogs(names);
    await files.linkLog(pod, "c0", 1, "abc", forever);
    await files.removeInstance(pod, "c0", 1, "abc", forever);
    await files.removeInstance(pod, "c0", 1, "abc", forever);
    expect(readdirSync(directory).sort()).toEqual(["10.log", "11.log.gz"]);
    expect(readdirSync(options.settings.containerLogsDir)).toEqual([]);
  });

  it("go with the pod, links too, and leave other pods' alone", async () => {
    const { files, options } = await withLogs(["0.log"]);
    const other = podOf({ uid: "uid-2", name: "web-node1-b" });
    await files.makeHome(other, forever);
    mkdirSync(join(files.logPath(other, "c0", 0), ".."));
    writeFileSync(files.logPath(other, "c0", 0), "");
    await files.linkLog(pod, "c0", 0, "abc", forever);
    await files.linkLog(other, "c0", 0, "def", forever);
    await files.clearHome(pod, "nothing", forever);
    expect(readdirSync(options.settings.containerLogsDir)).toEqual(["web-node1-b_default_c0-def.log"]);
    expect(readdirSync(options.settings.podLogsDir)).toEqual(["default_web-node1-b_uid-2"]);
    expect(readdirSync(join(options.settings.rootDir, "pods"))).toEqual(["uid-2"]);
  });
});
