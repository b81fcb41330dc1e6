import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { programOf } from "../../dev/agent/programs.ts";
import { runCommand } from "../../dev/run-command.ts";
import { type Host, openHost } from "../kit/host.ts";
import { container, pod, sh } from "../kit/sample-pods.ts";

let host: Host;

beforeAll(async () => {
  host = await openHost();
  const site = "mkdir -p /www && echo hello from the pod >/www/index.html && exec httpd -f -p 8080 -h /www";
  const web = container("web", { command: sh(site), ports: [{ name: "http", containerPort: 8080 }] });
  const echo = container("echo", { command: sh("echo ready; while read line; do echo got $line; done"), stdin: true });
  await host.manifests.drop("web.yaml", pod("web", { containers: [web, echo] }));
  await host.running("web", "web");
  await host.running("web", "echo");
});

afterAll(() => host?.close());

/** A command of berth that goes on. */
function begin(...args: string[]): {
  child: ChildProcessWithoutNullStreams;
  out: () => string;
  end: () => Promise<unknown>;
} {
  const program = programOf("berth");
  const child = spawn(program.command, [...program.args, ...args], {
    env: { ...process.env, BERTH_SOCKET: host.places.socket },
  });
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  const exit = once(child, "exit");
  return {
    child,
    out: () => out,
    end: () => {
      child.kill("SIGINT");
      return exit;
    },
  };
}

it("attach sees what the container's own process writes, and types to it", async () => {
  const attached = begin("attach", "-i", "web", "-c", "echo");
  await host.eventually("the process answers", () => {
    attached.child.stdin.write("there?\n");
    expect(attached.out()).toContain("got there?\n");
  });
  await attached.end();
  expect(await host.pod("web")).toMatchObject({ status: { phase: "Running" } });
});

describe("port-forward", () => {
  it("carries several connections, each to its end", async () => {
    const forward = begin("port-forward", "web", ":http");
    const port = await host.eventually("it listens", () => {
      const [, found] = /127\.0\.0\.1:(\d+) -> 8080/.exec(forward.out()) ?? [];
      if (found === undefined) throw new Error(forward.out());
      return found;
    });
    const texts = await Promise.all(
      Array.from({ length: 8 }, async () => (await fetch(`http://127.0.0.1:${port}/`)).text()),
    );
    expect(texts).toEqual(Array(8).fill("hello from the pod\n"));
    await forward.end();
  });

  it("says that nobody listens on a port of the pod", async () => {
    const forward = begin("port-forward", "web", ":81");
    let said = "";
    forward.child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    await host.eventually("it was told", async () => {
      const [, port] = /127\.0\.0\.1:(\d+) -> 81/.exec(forward.out()) ?? [];
      await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
      expect(said).toMatch(/error: forwarding to port 81: nothing listens/);
    });
    await forward.end();
  });
});

describe("cp", () => {
  it("carries a directory in and out again, and a file under another name", async () => {
    const tree = join(host.places.folder, "tree");
    await mkdir(join(tree, "below"), { recursive: true });
    await writeFile(join(tree, "text"), "one\ntwo\n");
    await writeFile(join(tree, "below/large"), Buffer.alloc(3_000_000, "0123456789abcdef"));
    expect(await host.berth("cp", tree, "web:/srv", "-c", "web")).toMatchObject({ code: 0, stderr: "" });
    expect((await host.berth("exec", "web", "-c", "web", "--", "wc", "-c", "/srv/below/large")).stdout).toContain(
      "3000000",
    );
    const back = join(host.places.folder, "back");
    expect(await host.berth("cp", "web:/srv", back, "-c", "web")).toMatchObject({ code: 0, stdout: "", stderr: "" });
    await runCommand("diff", ["-r", tree, back]);
    expect(await host.berth("cp", join(tree, "text"), "default/web:/tmp/", "-c", "web")).toMatchObject({ code: 0 });
    expect(await host.berth("cp", "web:/tmp/text", `${back}.txt`, "-c", "web")).toMatchObject({ code: 0 });
    expect(await readFile(`${back}.txt`, "utf8")).toBe("one\ntwo\n");
  });

  it("takes no links out of a container, and writes through none on this side", async () => {
    const inside = (script: string) => host.berth("exec", "web", "-c", "web", "--", "sh", "-c", script);
    const goal = join(host.places.folder, "goal");
    await mkdir(join(goal, "trap"), { recursive: true });
    await inside("mkdir -p /trap && ln -s /etc /trap/out");
    const copied = await host.berth("cp", "web:/trap", goal, "-c", "web");
    expect(copied).toMatchObject({ code: 0, stderr: "left out: ./trap/out (a symbolic link)\n" });
    const alone = await host.berth("cp", "web:/trap/out", join(host.places.folder, "alone"), "-c", "web");
    expect(alone).toMatchObject({ code: 1, stderr: "error: nothing was copied: /trap/out is a symbolic link\n" });
    await inside("rm /trap/out && mkdir /trap/out && echo bad >/trap/out/bad");
    await symlink(host.places.folder, join(goal, "trap/out"));
    const refused = await host.berth("cp", "web:/trap", goal, "-c", "web");
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("is in the way") });
    await expect(readFile(join(host.places.folder, "bad"))).rejects.toThrow();
  });

  it("says what the container says", async () => {
    const absent = await host.berth("cp", "web:/absent", host.places.folder, "-c", "web");
    expect(absent).toMatchObject({ code: 1, stderr: expect.stringContaining("absent") });
    const nowhere = await host.berth("cp", process.execPath, "web:/absent/node", "-c", "web");
    expect(nowhere).toMatchObject({ code: 1, stderr: "error: there is no directory /absent in the container\n" });
  });
});

describe("logs", () => {
  it("-f goes on over a restart, and ends with the last life", async () => {
    const script = 'n=$(cat /keep/n); echo $((n+1)) >/keep/n; echo life $((n+1)); sleep 2; [ -n "$n" ] || exit 1';
    const twice = container("main", { command: sh(script), volumeMounts: [{ name: "keep", mountPath: "/keep" }] });
    const spec = { restartPolicy: "OnFailure", containers: [twice], volumes: [{ name: "keep", emptyDir: {} }] };
    await host.manifests.drop("twice.yaml", pod("twice", spec));
    await host.running("twice");
    const followed = await host.berth("logs", "-f", "twice");
    expect(followed).toMatchObject({ code: 0, stdout: expect.stringMatching(/life 1\n(?:.*\n)*life 2\n$/) });
    await host.manifests.remove("twice.yaml");
  });

  it("reads several containers behind their names", async () => {
    const { stdout, code } = await host.berth("logs", "web", "--all-containers");
    expect(code).toBe(0);
    expect(stdout).toContain(`[pod/web-${host.node}/echo] ready\n`);
  });
});
