import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { programOf } from "../../dev/agent/programs.ts";
import { type Host, openHost } from "../kit/host.ts";
import { container, pod, sh } from "../kit/sample-pods.ts";
import { watchPods } from "../kit/table.ts";

let host: Host;

beforeAll(async () => {
  host = await openHost();
  const talks = container("talks", { command: sh("echo one; echo two >&2; while :; do sleep 1; done") });
  const ends = sh("echo life $(cat /proc/sys/kernel/random/uuid); sleep 1; exit 4");
  await host.manifests.drop("talker.yaml", pod("talker", { containers: [talks, container("quiet")] }));
  await host.manifests.drop("other.yaml", pod("other", {}, { namespace: "demo", labels: { app: "other" } }));
  await host.manifests.drop("ending.yaml", pod("ending", { containers: [container("main", { command: ends })] }));
  await host.running("talker", "talks");
  await host.running("talker", "quiet");
  await host.running("other");
});

afterAll(() => host?.close());

describe("get", () => {
  it("prints the table that kubectl prints", async () => {
    const { stdout, stderr, code } = await host.berth("get", "pods");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split(/ {2,}/));
    expect(lines[0]).toEqual(["NAME", "READY", "STATUS", "RESTARTS", "AGE"]);
    const talker = lines.find(([name]) => name === `talker-${host.node}`);
    expect(talker?.slice(1, 4)).toEqual(["2/2", "Running", "0"]);
    expect(talker?.[4]).toMatch(/^\d+[sm]/);
    expect(stdout).not.toContain("other-");
  });

  it("-A adds the namespace, -n chooses one, -o wide adds address and node", async () => {
    const all = await host.berth("get", "pods", "-A");
    expect(all.stdout.split("\n")[0]).toMatch(/^NAMESPACE +NAME +READY +STATUS +RESTARTS +AGE$/);
    const demo = await host.berth("get", "pods", "-n", "demo", "-o", "wide");
    expect(demo.stdout.split("\n")[0]).toMatch(/AGE +IP +NODE/);
    expect(demo.stdout).toMatch(new RegExp(`other-${host.node} .*\\d+\\.\\d+\\.\\d+\\.\\d+ +${host.node}`));
  });

  it("-o json, yaml and name", async () => {
    const json = await host.berth("get", "pod", "talker", "-o", "json");
    expect(JSON.parse(json.stdout)).toMatchObject({ kind: "Pod", metadata: { name: `talker-${host.node}` } });
    const list = JSON.parse((await host.berth("get", "pods", "-o", "json")).stdout) as {
      kind: string;
      items: unknown[];
    };
    expect(list.kind).toBe("List");
    expect(list.items).toHaveLength(2);
    const yaml = await host.berth("get", "pods", "-o", "yaml");
    expect(yaml.stdout).toMatch(/^apiVersion: v1\n/);
    const names = await host.berth("get", "pods", "-A", "-o", "name");
    expect(names.stdout.trim().split("\n").sort()).toEqual(
      ["ending", "other", "talker"].map((name) => `pod/${name}-${host.node}`),
    );
  });

  it("-w goes on and shows what comes, changes and goes", async () => {
    const table = watchPods(host);
    await table.shows("talker", "Running");
    await host.manifests.drop("coming.yaml", pod("coming"));
    await table.shows("coming", "Running");
    await host.manifests.remove("coming.yaml");
    await table.shows("coming", "Terminating");
    await table.close();
    await host.gone("coming");
  });

  it("a pod that is not there is exit 1; nonsense is exit 2", async () => {
    const absent = await host.berth("get", "pod", "absent");
    expect(absent).toMatchObject({ code: 1, stdout: "" });
    expect(absent.stderr).toMatch(/absent/);
    expect(await host.berth("get", "pods", "--no-such-flag")).toMatchObject({ code: 2 });
    expect(await host.berth("no-such-verb")).toMatchObject({ code: 2 });
  });
});

describe("logs", () => {
  it("prints what a container wrote to both streams, and asks which one when there are several", async () => {
    const { stdout, code } = await host.berth("logs", "talker", "-c", "talks");
    expect({ code, lines: stdout.trim().split("\n").sort() }).toEqual({ code: 0, lines: ["one", "two"] });
    const last = await host.berth("logs", "talker", "-c", "talks", "--tail", "1");
    expect(last.stdout.trim().split("\n")).toHaveLength(1);
    const stamped = await host.berth("logs", "talker", "-c", "talks", "--timestamps");
    expect(stamped.stdout).toMatch(/^\d{4}-\d\d-\d\dT\S+ (one|two)$/m);
    expect((await host.berth("logs", "talker", "-c", "absent")).code).toBe(1);
  });

  it("-p prints the life before", async () => {
    await host.eventually("it was restarted", async () => {
      const [status] = (await host.pod("ending")).status?.containerStatuses ?? [];
      expect(status?.restartCount).toBeGreaterThan(0);
      expect(status?.lastState?.terminated).toBeDefined();
    });
    const previous = await host.berth("logs", "ending", "-p");
    expect(previous.stdout).toMatch(/^life [0-9a-f-]{36}\n$/);
  });

  it("-f goes on with what comes, and ends with the container", async () => {
    const slow = container("main", { command: sh("for i in 1 2 3 4; do echo line $i; sleep 1; done") });
    await host.manifests.drop("slow.yaml", pod("slow", { restartPolicy: "Never", containers: [slow] }));
    await host.running("slow");
    const followed = await host.berth("logs", "-f", "slow");
    expect(followed).toMatchObject({ code: 0, stdout: "line 1\nline 2\nline 3\nline 4\n" });
    await host.manifests.remove("slow.yaml");
  });
});

describe("exec", () => {
  it("hands back output, errors and the command's own exit code", async () => {
    const finished = await host.berth(
      "exec",
      "talker",
      "-c",
      "quiet",
      "--",
      "sh",
      "-c",
      "echo out; echo err >&2; exit 7",
    );
    expect(finished).toEqual({ code: 7, stdout: "out\n", stderr: expect.stringContaining("err\n") });
  });

  it("-i sends standard input to its end", async () => {
    const text = `${"x".repeat(100)}\n`.repeat(2_000);
    const counted = await host.berthWith(text, "exec", "-i", "talker", "-c", "quiet", "--", "wc", "-c");
    expect(counted).toMatchObject({ code: 0, stdout: `${text.length}\n` });
  });

  it("brings large output whole", async () => {
    const many = await host.berth("exec", "other", "-n", "demo", "--", "sh", "-c", "seq 1 200000");
    expect(many.stdout.length).toBe(1_288_895);
  });

  it("an interrupt of berth ends the session", async () => {
    const program = programOf("berth");
    const args = [...program.args, "exec", "talker", "-c", "quiet", "--", "sleep", "333"];
    const child = spawn(program.command, args, { env: { ...process.env, BERTH_SOCKET: host.places.socket } });
    await host.eventually("the command runs", async () => {
      expect((await host.berth("exec", "talker", "-c", "quiet", "--", "ps")).stdout).toContain("sleep 333");
    });
    child.kill("SIGINT");
    await once(child, "exit");
    expect(await host.pod("talker")).toMatchObject({ status: { phase: "Running" } });
  });
});

describe("describe and validate", () => {
  it("describe tells state and events of a pod", async () => {
    const { stdout, code } = await host.berth("describe", "pod", "talker");
    expect(code).toBe(0);
    for (const word of [`talker-${host.node}`, "talks", "quiet", "busybox:1.36", "Started"])
      expect(stdout).toContain(word);
  });

  it("validate says what is wrong where, without berthd", async () => {
    const good = await host.manifests.drop("../good.yaml", pod("good"));
    const bad = await host.manifests.drop(
      "../bad.yaml",
      "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\nspec:\n  contaners: []\n",
    );
    const fine = await host.berth("--socket", "/nowhere", "validate", good);
    expect(fine.code).toBe(0);
    const finished = await host.berth("--socket", "/nowhere", "validate", good, bad);
    expect(finished.code).toBe(1);
    expect(finished.stdout + finished.stderr).toMatch(new RegExp(`${join(host.places.folder, "bad.yaml")}:6:3`));
    expect(finished.stdout + finished.stderr).toContain("containers");
  });
});

describe("what people do wrong", () => {
  it("without berthd, berth says so and how to start it", async () => {
    const finished = await host.berth("--socket", join(host.places.folder, "nobody.sock"), "get", "pods");
    expect(finished.code).toBe(1);
    expect(finished.stderr).toMatch(/berthd/);
    expect(finished.stderr).not.toMatch(/at .*\.(js|ts):\d+/);
  });

  it("a name that fits two pods is refused, with both of them", async () => {
    await host.manifests.drop("twin-a.yaml", pod(`twin-${host.node}`));
    await host.manifests.drop("twin-b.yaml", pod("twin"));
    await host.running("twin");
    await host.eventually("both are there", async () => {
      const finished = await host.berth("describe", "pod", `twin-${host.node}`);
      expect(finished.code).toBe(1);
      expect(finished.stderr).toContain(`twin-${host.node}-${host.node}`);
    });
  });
});
