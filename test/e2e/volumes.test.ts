import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type * as v1 from "../../src/pod/v1.ts";
import { type Host, openHost } from "../kit/host.ts";
import { container, pod, sh } from "../kit/sample-pods.ts";

let host: Host;
let folder: string;

beforeAll(async () => {
  host = await openHost();
  folder = join(host.places.folder, "of-the-host");
  await mkdir(folder);
});

afterAll(() => host?.close());

/** A pod with one volume, which its containers see under /v. */
function withVolume(name: string, source: Omit<v1.Volume, "name">, containers = [container("main")]): v1.Pod {
  const volumeMounts = [{ name: "v", mountPath: "/v" }];
  return pod(name, {
    volumes: [{ name: "v", ...source }],
    containers: containers.map((it) => ({ ...it, volumeMounts })),
  });
}

async function inside(name: string, script: string, containerName = "main"): Promise<string> {
  const finished = await host.berth("exec", name, "-c", containerName, "--", "sh", "-c", script);
  expect(finished, script).toMatchObject({ code: 0 });
  return finished.stdout.trim();
}

describe("emptyDir", () => {
  it("is shared by containers, survives a restart of one, and goes with the pod", async () => {
    const containers = [container("writer"), container("reader")];
    await host.manifests.drop("disk.yaml", withVolume("disk", { emptyDir: {} }, containers));
    const { id, uid } = await host.running("disk", "writer");
    await host.running("disk", "reader");
    await inside("disk", "echo kept > /v/file", "writer");
    expect(await inside("disk", "cat /v/file", "reader")).toBe("kept");
    process.kill((await host.cri.status(id)).pid, "SIGKILL");
    await host.eventually("it runs again", async () => expect((await host.running("disk", "writer")).id).not.toBe(id));
    expect(await inside("disk", "cat /v/file", "writer")).toBe("kept");
    const place = join(host.places.root, "pods", uid, "volumes/kubernetes.io~empty-dir/v");
    expect(await readFile(join(place, "file"), "utf8")).toBe("kept\n");
    await host.manifests.remove("disk.yaml");
    await host.gone("disk");
    await host.eventually("the volume is gone", async () => {
      await expect(stat(place)).rejects.toMatchObject({ code: "ENOENT" });
    });
  });

  it("with medium Memory is a tmpfs of the given size, and is unmounted with the pod", async () => {
    await host.manifests.drop(
      "memory.yaml",
      withVolume("memory", { emptyDir: { medium: "Memory", sizeLimit: "4Mi" } }),
    );
    const { uid } = await host.running("memory");
    expect(await inside("memory", "grep ' /v ' /proc/mounts")).toMatch(/^tmpfs \/v tmpfs .*size=4096k/);
    const full = await host.berth("exec", "memory", "--", "dd", "if=/dev/zero", "of=/v/big", "bs=1M", "count=8");
    expect(full.code).not.toBe(0);
    await host.manifests.remove("memory.yaml");
    await host.gone("memory");
    await host.eventually("it is unmounted", async () => {
      expect(await readFile("/proc/self/mountinfo", "utf8")).not.toContain(uid);
    });
  });

  it("a Memory volume and its content outlive a killed berthd", async () => {
    await host.manifests.drop("tmpfs.yaml", withVolume("tmpfs", { emptyDir: { medium: "Memory" } }));
    const { uid } = await host.running("tmpfs");
    await inside("tmpfs", "echo kept > /v/file");
    await host.crash();
    await host.start();
    expect(await inside("tmpfs", "cat /v/file")).toBe("kept");
    const mounts = (await readFile("/proc/self/mountinfo", "utf8")).split("\n").filter((line) => line.includes(uid));
    expect(mounts).toHaveLength(1);
  });
});

describe("hostPath", () => {
  let socket: Server;

  beforeAll(async () => {
    await mkdir(join(folder, "directory"));
    await writeFile(join(folder, "file"), "of the host\n");
    socket = createServer().listen(join(host.runtime.places.short, "agents/e2e.sock"));
  });

  afterAll(() => socket?.close());

  const fitting = (): Record<string, string> => ({
    "": join(folder, "directory"),
    Directory: join(folder, "directory"),
    DirectoryOrCreate: join(folder, "made/deeply"),
    File: join(folder, "file"),
    FileOrCreate: join(folder, "made-file"),
    Socket: join(host.runtime.places.short, "agents/e2e.sock"),
    CharDevice: "/dev/null",
  });

  it.each(["", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket", "CharDevice"])(
    'type "%s" takes what fits it',
    async (type) => {
      const name = `fits-${type.toLowerCase() || "any"}`;
      const path = String(fitting()[type]);
      await host.manifests.drop(`${name}.yaml`, withVolume(name, { hostPath: { path, type } }));
      await host.running(name);
      expect(await inside(name, "test -e /v && echo there")).toBe("there");
      if (type === "DirectoryOrCreate") expect((await stat(path)).mode & 0o7777).toBe(0o755);
      if (type === "FileOrCreate") expect((await stat(path)).mode & 0o7777).toBe(0o644);
    },
  );

  it.each([
    { type: "Directory", path: "file" },
    { type: "File", path: "directory" },
    { type: "Socket", path: "file" },
    { type: "CharDevice", path: "file" },
    { type: "BlockDevice", path: "file" },
    { type: "Directory", path: "absent" },
    { type: "File", path: "absent" },
  ])('type "$type" holds the pod back from $path, says why, and goes on when it is mended', async ({ type, path }) => {
    const name = `misfit-${type.toLowerCase()}-${path}`;
    await host.manifests.drop(`${name}.yaml`, withVolume(name, { hostPath: { path: join(folder, path), type } }));
    await host.eventually("it waits", async () => {
      const [status] = (await host.pod(name)).status?.containerStatuses ?? [];
      expect(status?.state?.waiting?.reason).toBe("ContainerCreating");
      const told = await host.berth("describe", "pod", name);
      expect(told.stdout).toMatch(/FailedMount|hostPath/);
    });
    expect((await host.cri.containers()).filter((it) => it.pod === name)).toEqual([]);
    await host.manifests.remove(`${name}.yaml`);
    await host.gone(name);
  });

  it("what is missing and comes later lets the pod start", async () => {
    const path = join(folder, "later");
    await host.manifests.drop("later.yaml", withVolume("later", { hostPath: { path, type: "Directory" } }));
    await host.eventually("it waits", async () => expect((await host.pod("later")).status?.phase).toBe("Pending"));
    await mkdir(path);
    await host.running("later", "main", { withinMs: 30_000 });
  });

  it("is never removed with the pod", async () => {
    const path = join(folder, "directory");
    await host.manifests.drop("keeps.yaml", withVolume("keeps", { hostPath: { path } }));
    await host.running("keeps");
    await inside("keeps", "echo kept > /v/of-the-pod");
    await host.manifests.remove("keeps.yaml");
    await host.gone("keeps");
    expect(await readFile(join(path, "of-the-pod"), "utf8")).toBe("kept\n");
  });
});

it("mounts are read-only where the manifest says so", async () => {
  const volumeMounts = [{ name: "v", mountPath: "/v", readOnly: true }];
  const main = container("main", { volumeMounts, command: sh("touch /v/x; echo $?; sleep 1000") });
  await host.manifests.drop("ro.yaml", pod("ro", { volumes: [{ name: "v", emptyDir: {} }], containers: [main] }));
  await host.running("ro");
  const tried = await host.berth("exec", "ro", "--", "touch", "/v/x");
  expect(tried.code).not.toBe(0);
  expect(tried.stderr).toContain("Read-only");
});
