import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runBerth } from "../../src/cmd/berth/run.ts";
import { type House, makePod, makeTerminal, openHouse } from "../serve/house.ts";

let house: House;
let manifests: string;
beforeEach(async () => {
  house = await openHouse();
  manifests = join(house.dir, "manifests");
  mkdirSync(manifests);
});
afterEach(() => house.close());

/** Runs one command line to its end. */
async function berth(line: string, input = "") {
  const seen = makeTerminal(house.socket, input);
  const exitCode = await runBerth(line.split(" "), seen.terminal);
  return { exitCode, out: seen.out(), err: seen.err() };
}

const pod = (name: string, image = "busybox:1.36", more = "") =>
  `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\n${more}spec:\n  containers:\n  - name: main\n    image: ${image}\n`;
const config = (name: string, kind = "ConfigMap") =>
  `apiVersion: v1\nkind: ${kind}\nmetadata:\n  name: ${name}\ndata:\n  a: Yg==\n`;

/** Writes a file beside the manifest directory. */
function source(name: string, text: string): string {
  const path = join(house.dir, name);
  writeFileSync(path, text);
  return path;
}
const held = (name: string): string => readFileSync(join(manifests, name), "utf8");

describe("apply", () => {
  it("puts a file into the manifest directory under its own name, whole and with nothing beside it", async () => {
    const path = source("web.yaml", pod("web"));
    expect(await berth(`apply -f ${path}`)).toEqual({
      exitCode: 0,
      out: "pod/web created\n",
      err: `written to ${manifests}/web.yaml\n`,
    });
    expect(held("web.yaml")).toBe(pod("web"));
    expect(readdirSync(manifests)).toEqual(["web.yaml"]);
    expect(statSync(join(manifests, "web.yaml")).mode & 0o777).toBe(0o644);
    expect((await berth(`apply -f ${path}`)).out).toBe("pod/web unchanged\n");
    writeFileSync(path, pod("web", "busybox:1.37"));
    expect((await berth(`apply -f ${path} --dry-run`)).out).toBe("pod/web configured (dry run)\n");
    expect(held("web.yaml")).toBe(pod("web"));
    expect((await berth(`apply -f ${path}`)).out).toBe("pod/web configured\n");
    expect(held("web.yaml")).toContain("1.37");
  });

  it("changes nothing when anything is wrong with any of the files", async () => {
    const good = source("good.yaml", pod("good"));
    const bad = source("bad.yaml", pod("bad").replace("containers", "contaners"));
    const { exitCode, err } = await berth(`apply -f ${good} -f ${bad}`);
    expect(exitCode).toBe(1);
    expect(err).toContain("nothing was changed");
    expect(err).toContain("bad.yaml:6:3: error: spec.contaners");
    expect(readdirSync(manifests)).toEqual([]);
  });

  it("takes standard input, and keeps secrets to root", async () => {
    expect((await berth("apply -f -", pod("web"))).exitCode).toBe(0);
    expect((await berth("apply -f -", config("key", "Secret"))).exitCode).toBe(0);
    expect(readdirSync(manifests)).toEqual(["secret-default-key.yaml", "web.yaml"]);
    expect(statSync(join(manifests, "secret-default-key.yaml")).mode & 0o777).toBe(0o600);
  });

  it("goes into the file that holds the pod already, and through a link", async () => {
    const place = source("elsewhere.yaml", pod("web"));
    symlinkSync(place, join(manifests, "old-name.yaml"));
    expect((await berth(`apply -f ${source("web.yaml", pod("web", "busybox:1.37"))}`)).exitCode).toBe(0);
    expect(readdirSync(manifests)).toEqual(["old-name.yaml"]);
    expect(readFileSync(place, "utf8")).toContain("1.37");
  });

  it("takes nothing away that the file does not name, but with --prune", async () => {
    writeFileSync(join(manifests, "all.yaml"), `${pod("web")}---\n${pod("db")}`);
    const own = source("all.yaml", pod("web", "busybox:1.37"));
    const refused = await berth(`apply -f ${own}`);
    expect(refused).toMatchObject({ exitCode: 1, err: expect.stringContaining("also holds pod/default/db") });
    const other = await berth(`apply -f ${source("web.yaml", pod("web"))}`);
    expect(other).toMatchObject({ exitCode: 1, err: expect.stringContaining("stands in") });
    expect(held("all.yaml")).toContain("name: db");
    expect((await berth(`apply -f ${own} --prune`)).out).toBe(
      "pod/web configured\npod/default/db removed\n".replace("/default", ""),
    );
    expect(held("all.yaml")).not.toContain("name: db");
  });
});

describe("delete", () => {
  it("takes a file away whose only document goes", async () => {
    writeFileSync(join(manifests, "web.yaml"), pod("web"));
    expect(await berth("delete pod web-node1")).toEqual({
      exitCode: 0,
      out: "pod/web deleted\n",
      err: `${manifests}/web.yaml is removed\n`,
    });
    expect(existsSync(join(manifests, "web.yaml"))).toBe(false);
    expect(await berth("delete pod web")).toMatchObject({ exitCode: 1, err: expect.stringContaining("no file in") });
    expect(await berth("delete pod web --ignore-not-found")).toEqual({ exitCode: 0, out: "", err: "" });
  });

  it("leaves what stands beside it just as it is, comments and all", async () => {
    const beside = `# mine\n${pod("web", "busybox:1.36 # the old one")}`;
    writeFileSync(join(manifests, "all.yaml"), `${pod("one")}---\n${beside}---\n${config("two")}`);
    expect((await berth("delete pod/one configmap/two")).out).toBe("pod/one deleted\nconfigmap/two deleted\n");
    expect(held("all.yaml")).toBe(beside);
  });

  it("deletes nothing where one of several is not there, and says so", async () => {
    writeFileSync(join(manifests, "web.yaml"), pod("web"));
    expect(await berth("delete pod web other")).toMatchObject({
      exitCode: 1,
      err: `error: no file in ${manifests} holds pod/other; nothing was deleted: --ignore-not-found deletes the others\n`,
    });
    expect(held("web.yaml")).toBe(pod("web"));
    expect((await berth("delete pod web other --ignore-not-found")).out).toBe("pod/web deleted\n");
  });

  it("takes one item out of a list, in YAML and in JSON", async () => {
    const item = (name: string) => ({
      kind: "Pod",
      metadata: { name },
      spec: { containers: [{ name: "c", image: "x:1" }] },
    });
    const list = { apiVersion: "v1", kind: "PodList", items: [item("one"), item("two")] };
    writeFileSync(join(manifests, "list.json"), JSON.stringify(list));
    expect((await berth("delete pod one")).exitCode).toBe(0);
    expect(JSON.parse(held("list.json"))).toEqual({ ...list, items: [item("two")] });
  });

  it("by the file that was applied; waits until the pod is gone", async () => {
    const path = source("web.yaml", pod("web"));
    await berth(`apply -f ${path}`);
    const running = makePod("web");
    house.put(running);
    const end = berth(`delete -f ${path}`);
    await expect.poll(() => house.state.watchers).toBe(1);
    house.remove(running);
    expect((await end).exitCode).toBe(0);
    house.put(running);
    await berth(`apply -f ${path}`);
    expect((await berth(`delete -f ${path} --wait=false`)).out).toBe("pod/web deleted\n");
  });
});

describe("diff", () => {
  it("tells apart what is new, what stays, and what is replaced by which fields", async () => {
    const path = source("web.yaml", pod("web"));
    expect(await berth(`diff -f ${path}`)).toMatchObject({ exitCode: 1, out: "pod/web: would be created\n" });
    await berth(`apply -f ${path}`);
    const { compiledAt } = await import("./compiled-at.ts");
    house.put(await compiledAt(join(manifests, "web.yaml"), pod("web")));
    expect(await berth(`diff -f ${path}`)).toMatchObject({ exitCode: 0, out: "pod/web: nothing would change\n" });
    writeFileSync(path, pod("web", "busybox:1.37"));
    expect(await berth(`diff -f ${path}`)).toMatchObject({
      exitCode: 1,
      out:
        "pod/web: would be replaced: it ends with its grace of 30 s, then starts anew\n" +
        '    spec.containers[main].image: "busybox:1.36" -> "busybox:1.37"\n',
    });
    writeFileSync(path, "kind: Pod\n");
    expect((await berth(`diff -f ${path}`)).exitCode).toBe(3);
  });

  it("of a pod with a UID of its own names the containers that restart", async () => {
    const own = (image: string, label: string) =>
      pod("web", image, `  uid: "11111111-2222-4333-8444-555555555555"\n  labels: {a: ${label}}\n`);
    const path = source("web.yaml", own("busybox:1.36", "b"));
    await berth(`apply -f ${path}`);
    const { compiledAt } = await import("./compiled-at.ts");
    house.put(await compiledAt(join(manifests, "web.yaml"), own("busybox:1.36", "b")));
    writeFileSync(path, own("busybox:1.37", "b"));
    expect((await berth(`diff -f ${path}`)).out).toMatch(/^pod\/web: would restart main\n/);
    writeFileSync(path, own("busybox:1.36", "c"));
    expect((await berth(`diff -f ${path}`)).out).toMatch(
      /^pod\/web: would be taken over without a restart.*\n.*labels\.a: "b" -> "c"\n$/,
    );
  });
});

describe("drain and uncordon", () => {
  it("ends what runs and says so, and lets it run again", async () => {
    const running = makePod("web");
    house.put({
      ...running,
      metadata: { ...running.metadata, annotations: { "kubernetes.io/config.source": "file" } },
    });
    const end = berth("drain");
    await expect.poll(() => house.state.drained).toBe(true);
    house.remove(running);
    expect(await end).toEqual({ exitCode: 0, out: "the host is drained\n", err: "" });
    expect((await berth("get pods")).err).toContain("This host is drained");
    expect((await berth("get node")).out).toContain("Ready,Drained");
    expect(await berth("uncordon other")).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining("this is about node node1 alone, not other"),
    });
    expect((await berth("uncordon node1")).out).toBe("pods run again\n");
    expect((await berth("uncordon")).out).toBe("the host was not drained\n");
    house.put({
      ...running,
      metadata: { ...running.metadata, annotations: { "kubernetes.io/config.source": "file" } },
    });
    expect(await berth("drain --timeout 1ms")).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining("default/web-node1"),
    });
  });
});

describe("top", () => {
  it("makes rates of two counts", async () => {
    house.put(makePod("web", { containers: ["main", "side"] }));
    let asked = 0;
    house.state.containerUsage = () => {
      asked += 1;
      const count = { podUid: "uid-web", atWallMs: asked * 1000, workingSetBytes: 5 * 2 ** 20 };
      return [
        { ...count, container: "main", id: "1", cpuCoreNanoSeconds: asked * 250_000_000 },
        { ...count, container: "side", id: "2" },
      ];
    };
    const [pods, byContainer] = await Promise.all([berth("top pods"), berth("top pods web --containers --no-headers")]);
    expect(pods.out).toMatch(/^NAME +CPU\(cores\) +MEMORY\(bytes\)\nweb-node1 +\d+m +10Mi\n$/);
    expect(byContainer.out).toMatch(/^web-node1 +main +\d+m +5Mi\nweb-node1 +side +- +5Mi\n$/);
    expect((await berth("top pods -l app=none --no-headers")).out).toBe("");
    expect(await berth("top shoes")).toMatchObject({ exitCode: 2 });
  });
});

describe("gc", () => {
  it("names what went, what would go, and what could not", async () => {
    house.state.garbage = [{ id: "sha256:1", names: ["docker.io/library/old:1"], bytes: 3 * 2 ** 20 }];
    expect(await berth("gc --dry-run")).toEqual({
      exitCode: 0,
      out: "would remove docker.io/library/old:1 (3 MiB)\n1 image, 3 MiB\n",
      err: "",
    });
    house.state.garbage = [...house.state.garbage, { id: "sha256:2", names: [], bytes: 1, failure: "it is stuck" }];
    expect(await berth("gc")).toMatchObject({
      exitCode: 1,
      out: "removed docker.io/library/old:1 (3 MiB)\n1 image, 3 MiB\n",
      err: expect.stringContaining("sha256:2: it is stuck"),
    });
  });
});
