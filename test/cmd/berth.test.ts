import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runBerth } from "../../src/cmd/berth/run.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { startStreaming } from "../serve/fake-streaming.ts";
import { type House, makePod, makeTerminal, openHouse } from "../serve/house.ts";

let house: House;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

/** Runs one command line to its end. */
async function berth(line: string, input = "") {
  const seen = makeTerminal(house.socket, input);
  const exitCode = await runBerth(line.split(" "), seen.terminal);
  return { exitCode, out: seen.out(), err: seen.err() };
}

const PROBLEM = {
  code: "FieldUnknown",
  severity: "error",
  file: "/m/a.yaml",
  line: 3,
  column: 5,
  path: "spec.ports",
  message: "unknown field",
  advice: "did you mean spec.containers[0].ports?",
} as const;

describe("get", () => {
  it("prints kubectl's table", async () => {
    house.put(makePod("web"));
    house.put(makePod("other", { namespace: "kube-system" }));
    expect(await berth("get pods")).toEqual({
      exitCode: 0,
      err: "",
      out: "NAME        READY   STATUS    RESTARTS   AGE\nweb-node1   1/1     Running   0          60s\n",
    });
    expect((await berth("get po -A")).out.split("\n")[2]).toBe(
      "kube-system   other-node1   1/1     Running   0          60s",
    );
    expect((await berth("get pods -o wide")).out).toContain("10.1.0.1   node1   <none>           <none>\n");
    expect((await berth("get pods -oname")).out).toBe("pod/web-node1\n");
  });

  it("leaves out what only the wide form has where the terminal is too narrow for it, and says so", async () => {
    house.put(makePod("web"));
    const seen = makeTerminal(house.socket);
    const terminal = { ...seen.terminal, out: { ...seen.terminal.out, columns: 70 } };
    expect(await runBerth(["get", "pods", "-o", "wide"], terminal)).toBe(0);
    expect(seen.out().split("\n")[0]).toBe("NAME        READY   STATUS    RESTARTS   AGE   IP         NODE");
    expect(seen.err()).toBe("this terminal is too narrow for NOMINATED NODE, READINESS GATES\n");
  });

  it("colours a state by what it is, also where the terminal has only room for its beginning", async () => {
    house.put(makePod("web"));
    const seen = makeTerminal(house.socket);
    const terminal = { ...seen.terminal, out: { ...seen.terminal.out, columns: 38, isTerminal: true } };
    expect(await runBerth(["get", "pods"], terminal)).toBe(0);
    expect(seen.out()).toContain("\u001b[32mRunni\u2026\u001b[0m");
  });

  it("gives up the wide columns in the middle, too, before a terminal gets lines of three letters", async () => {
    const object = { kind: "Pod", namespace: "default", name: "web-node1", uid: "u" } as const;
    const message = "a message that is a good deal longer than the rest of its line";
    house.state.events = [
      { type: "Warning", reason: "BackOff", message, object, atWallMs: Date.parse("2026-01-02T03:04:35Z") },
    ];
    const seen = makeTerminal(house.socket);
    const terminal = { ...seen.terminal, out: { ...seen.terminal.out, columns: 78 } };
    expect(await runBerth(["get", "events", "-o", "wide"], terminal)).toBe(0);
    expect(seen.out().split("\n")[0]?.split(/ {3,}/)).toEqual(["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]);
    expect(seen.err()).toBe("this terminal is too narrow for SUBOBJECT, FIRST SEEN, COUNT\n");
  });

  it.each([
    ["get node other", 1, 'node "other" not found: this is node1'],
    ["top node other", 1, 'node "other" not found: this is node1'],
    ["top pods absent", 1, 'pod "absent" not found in namespace "default"'],
    ["get problems web", 2, "problems have no names"],
    ["get pods web -A", 2, "a name is of one namespace"],
    ["get pods web other -w", 2, "-w watches one pod"],
    ["version web", 2, "version takes no name"],
  ])("%s is told to be in vain", async (line, exitCode, words) => {
    house.put(makePod("web"));
    expect(await berth(line)).toMatchObject({ exitCode, out: "", err: expect.stringContaining(words) });
  });

  it("prints objects as JSON and YAML, one alone when it was named", async () => {
    house.put(makePod("web"));
    expect(JSON.parse((await berth("get pods -o json")).out)).toMatchObject({ kind: "List", items: [{ kind: "Pod" }] });
    expect(JSON.parse((await berth("get pod web -o json")).out)).toMatchObject({ kind: "Pod" });
    expect((await berth("get pod/web-node1 -o yaml")).out).toContain("name: web-node1\n");
  });

  it("prints what a template takes out, of the list or of the one that was named", async () => {
    house.put(makePod("web"));
    house.put(makePod("other"));
    expect((await berth("get pods -o jsonpath={.items[*].metadata.name}")).out).toBe("web-node1 other-node1");
    expect((await berth("get pod web -o jsonpath={.status.podIP}")).out).toBe("10.1.0.1");
    expect((await berth("get pod web -o jsonpath={.status")).exitCode).toBe(2);
    expect((await berth("wait web --for=jsonpath={.status.phase}=Running")).exitCode).toBe(0);
    expect((await berth("wait web --for=jsonpath={.status.phase}=Failed --timeout=0")).exitCode).toBe(1);
  });

  it.each([
    ["app=web", ["a", "b"]],
    ["app==web,tier!=back", ["a"]],
    ["tier in (back, front)", ["b"]],
    ["tier notin (back)", ["a", "c"]],
    ["!tier,app", ["a"]],
  ])("-l %s selects by labels", async (selector, names) => {
    const labels = { a: { app: "web" }, b: { app: "web", tier: "back" }, c: {} };
    for (const [name, own] of Object.entries(labels)) {
      const pod = makePod(name);
      house.put({ ...pod, metadata: { ...pod.metadata, labels: own } });
    }
    const seen = makeTerminal(house.socket);
    await runBerth(["get", "pods", "-o", "name", "-l", selector], seen.terminal);
    expect(seen.out()).toBe(names.map((name) => `pod/${name}-node1\n`).join(""));
  });

  it("says on stderr that there is nothing, or not that", async () => {
    expect(await berth("get pods")).toEqual({
      exitCode: 0,
      out: "",
      err: "No resources found in default namespace.\n",
    });
    expect(await berth("get pods nope")).toMatchObject({
      exitCode: 1,
      out: "",
      err: expect.stringContaining('pod "nope" not found'),
    });
  });

  it("lists both pods of an ambiguous name", async () => {
    house.put(makePod("a"));
    house.put(makePod("a-node1"));
    expect(await berth("get pod a-node1")).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining("a-node1, a-node1-node1"),
    });
  });

  it("ends with a notice on stderr while something is broken", async () => {
    house.put(makePod("web"));
    house.state.problems = [PROBLEM];
    const { out, err, exitCode } = await berth("get pods");
    expect(exitCode).toBe(0);
    expect(out).not.toContain("a.yaml");
    expect(err).toContain("1 problem waits");
    expect(err).toContain("/m/a.yaml:3:5: unknown field");
    const problems = await berth("get problems");
    expect(problems.out).toBe(
      "/m/a.yaml:3:5: error: spec.ports: unknown field\n    did you mean spec.containers[0].ports?\n",
    );
    expect(problems.err).toBe("");
  });

  it("shows ConfigMaps and Secrets in kubectl's columns, without a value", async () => {
    const some = {
      namespace: "default",
      immutable: false,
      seenWallMs: Date.parse("2026-01-02T03:04:00Z"),
      path: "/m/a.yaml",
    };
    house.state.documents = [
      { ...some, kind: "ConfigMap", name: "settings", type: "", sizes: { a: 1, b: 20 } },
      { ...some, kind: "Secret", name: "token", type: "Opaque", sizes: { password: 12 } },
      { ...some, kind: "Secret", name: "token", namespace: "shop", type: "kubernetes.io/tls", sizes: {} },
    ];
    expect((await berth("get configmaps")).out).toMatch(/^NAME +DATA +AGE\nsettings +2 +65s\n$/);
    expect((await berth("get secrets -A")).out).toMatch(
      /^NAMESPACE +NAME +TYPE +DATA +AGE\ndefault +token +Opaque +1 +65s\nshop +token +kubernetes.io\/tls +0 +65s\n$/,
    );
    expect(JSON.parse((await berth("get secret token -o json")).out)).toMatchObject({
      ...{ apiVersion: "v1", kind: "Secret", type: "Opaque", sizes: { password: 12 } },
    });
    expect(await berth("get cm other")).toMatchObject({ exitCode: 1, err: 'error: configmaps "other" not found\n' });
  });

  it("-w prints the list, then a line for each change", async () => {
    house.put(makePod("one"));
    const seen = makeTerminal(house.socket);
    const end = runBerth(["get", "pods", "-w"], seen.terminal);
    await seen.until("one-node1");
    house.put(makePod("two"));
    await seen.until("two-node1");
    seen.interrupt();
    await end;
    expect(
      seen
        .out()
        .split("\n")
        .map((line) => line.split(" ")[0]),
    ).toEqual(["NAME", "one-node1", "two-node1", ""]);
  });

  it("folds equal events", async () => {
    const object = { kind: "Pod", namespace: "default", name: "web-node1", uid: "uid-web" } as const;
    const event = { type: "Warning", reason: "BackOff", message: "again", object } as const;
    const at = Date.parse("2026-01-02T03:04:35Z");
    house.state.events = [
      { ...event, atWallMs: at },
      { ...event, reason: "Killing", atWallMs: at },
      { ...event, atWallMs: at + 10_000 },
    ];
    const { out } = await berth("get events -o wide");
    expect(out.trim().split("\n")).toHaveLength(3);
    expect(out.trim().split("\n")[2]).toMatch(/^20s +Warning +BackOff +pod\/web-node1 +30s +2 +again$/);
  });

  it("shows the events of one pod", async () => {
    const object = (name: string) => ({ kind: "Pod", namespace: "default", name, uid: `uid-${name}` }) as const;
    house.state.events = ["web-node1", "other-node1"].map((name) => ({
      ...{ type: "Normal", reason: "Started", message: `of ${name}`, object: object(name), atWallMs: 0 },
    }));
    for (const name of ["web", "pod/web", "web-node1"]) {
      expect((await berth(`get events --for ${name}`)).out.match(/of \S+/g)).toEqual(["of web-node1"]);
    }
    expect(await berth("get events web")).toMatchObject({ exitCode: 2, err: expect.stringContaining("--for pod/web") });
  });

  it("refuses flags that would do nothing", async () => {
    for (const line of [
      "get node -w",
      "get secrets -l a=b",
      "get events -l a=b",
      "get cm --watch",
      "get pods --for x",
    ]) {
      expect(await berth(line)).toMatchObject({ exitCode: 2, err: expect.stringContaining("that is for ") });
    }
  });

  it("--show-labels has a column with them", async () => {
    const pod = makePod("web");
    house.put({ ...pod, metadata: { ...pod.metadata, labels: { tier: "front", app: "web" } } });
    expect((await berth("get pods --show-labels")).out).toMatch(/AGE +LABELS\n.* 60s +app=web,tier=front\n$/);
  });

  it("shows the node", async () => {
    expect((await berth("get node")).out).toMatch(/VERSION\nnode1 {3}Ready {4}berth-1.2.3\n$/);
    expect((await berth("get node -o wide")).out).toMatch(/<none> +<none>\n$/);
  });

  it("shows how the node stands with its cluster", async () => {
    const renewed = Date.parse("2026-01-02T03:04:58Z");
    house.state.cluster = { connected: true, leaseRenewedMs: renewed, statusSentMs: renewed - 60_000 };
    expect((await berth("get node")).out).toMatch(/HEARTBEAT +LAST-ERROR\n.* Ready .* 7s +<none>\n$/);
    expect((await berth("get node -o wide")).out).toMatch(/ Ready .* 7s +<none>\n$/);
    const message = "replacing leases kube-node-lease/node1: connection refused";
    const lastError = { message, atMs: renewed + 1000 };
    house.state.cluster = { connected: false, leaseRenewedMs: renewed, lastError };
    expect((await berth("get node")).out).toContain("Ready,Disconnected");
    expect((await berth("get node")).out).toContain(message);
    expect((await berth("get node -o wide")).out).toContain(message);
    expect(JSON.parse((await berth("get node -o json")).out).cluster).toEqual({
      connected: false,
      leaseRenewed: "2026-01-02T03:04:58.000Z",
      lastError: { message, at: "2026-01-02T03:04:59.000Z" },
    });
  });
});

it("describe tells about containers, conditions and events", async () => {
  house.put(makePod("web", { containers: ["main", "side"] }));
  const object = { kind: "Pod", namespace: "default", name: "web-node1", uid: "uid-web" } as const;
  house.state.events = [
    { type: "Normal", reason: "Started", message: "Container started", object, atWallMs: 1_767_323_105_000 },
  ];
  const { out, exitCode } = await berth("describe pod web");
  expect(exitCode).toBe(0);
  for (const words of [
    "Name:            web-node1",
    "  side:",
    "    State:          Running",
    "  Ready ",
    "Container started",
  ]) {
    expect(out).toContain(words);
  }
});

describe("logs", () => {
  it("prints bytes as they are and says which container is taken", async () => {
    house.put(makePod("web", { containers: ["main", "side"] }));
    house.state.log = async function* () {
      yield Buffer.from("one\n");
      yield Buffer.from("two");
    };
    const { out, err } = await berth("logs web --tail 3 --since 5m --timestamps");
    expect(out).toBe("one\ntwo");
    expect(err).toBe('Defaulted container "main" out of: main, side\n');
    expect(house.state.logReads[0]).toMatchObject({
      path: "/logs/main/0.log",
      options: { tailLines: 3, timestamps: true, follow: false },
    });
  });

  it("-f goes on until interrupted, and the reader of the file is told", async () => {
    house.put(makePod("web"));
    const { promise: aborted, resolve } = Promise.withResolvers<void>();
    house.state.log = async function* (signal) {
      yield Buffer.from("one\n");
      await new Promise<void>((done) => signal.addEventListener("abort", () => done()));
      resolve();
    };
    const seen = makeTerminal(house.socket);
    const end = runBerth(["logs", "-f", "web"], seen.terminal);
    await seen.until("one");
    seen.interrupt();
    expect(await end).toBe(130);
    await aborted;
  });

  it("-f goes on with the next instance, until the last one has ended", async () => {
    house.put(makePod("web"));
    const key = "default/web-node1/main/newest";
    const first = { id: "one", running: true, ended: false, last: false, attempt: 0, logPath: "/logs/0.log" };
    house.state.instances.set(key, first);
    house.state.log = async function* () {
      const { path, options } = house.state.logReads.at(-1) ?? { path: "" };
      yield Buffer.from(`${path} ${options?.tailLines} ${options?.limitBytes}\n`);
    };
    const seen = makeTerminal(house.socket);
    const end = runBerth(["logs", "-f", "web", "--tail", "5", "--limit-bytes", "100"], seen.terminal);
    await seen.until("/logs/0.log 5 100\n");
    house.state.instances.set(key, { ...first, running: false, ended: true });
    house.put({ ...makePod("web"), kind: "Pod" }, { instances: false });
    house.state.instances.set(key, {
      ...first,
      id: "two",
      running: false,
      ended: true,
      last: true,
      logPath: "/logs/1.log",
    });
    house.put(makePod("web"), { instances: false });
    expect(await end).toBe(0);
    expect(seen.out()).toBe("/logs/0.log 5 100\n/logs/1.log undefined 82\n");
  });

  it("-f waits for a container that has not been made, and ends with its pod", async () => {
    const pod = makePod("web");
    house.put(pod);
    house.state.instances.clear();
    const seen = makeTerminal(house.socket);
    const end = runBerth(["logs", "-f", "web"], seen.terminal);
    await expect.poll(() => house.state.watchers).toBe(1);
    house.remove(pod);
    expect(await end).toBe(0);
    expect(seen.out() + seen.err()).toBe("");
  });

  it("reads several containers of several pods at once, each line behind its name", async () => {
    for (const name of ["one", "two"]) {
      const pod = makePod(name, { containers: ["main", "side"] });
      house.put({ ...pod, metadata: { ...pod.metadata, labels: { app: "web", name } } });
    }
    house.put(makePod("other"));
    house.state.log = async function* () {
      yield Buffer.from("first\nsec");
      yield Buffer.from("ond");
    };
    const { out, err } = await berth("logs -l app=web --all-containers");
    expect(err).toBe("");
    expect(out.trim().split("\n")).toEqual(
      ["one-node1/main", "one-node1/side", "two-node1/main", "two-node1/side"].flatMap((name) => [
        `[pod/${name}] first`,
        `[pod/${name}] second`,
      ]),
    );
    expect((await berth("logs -l name=two -c side,main")).out.match(/\[.*\]/g)).toHaveLength(4);
    expect((await berth("logs one -c side --prefix")).out).toBe(
      "[pod/one-node1/side] first\n[pod/one-node1/side] second\n",
    );
    expect((await berth("logs one -c nope")).err).toContain('no container "nope"; it has main, side');
    expect(await berth("logs -l app=none")).toMatchObject({ exitCode: 0, err: "No pod fits the selector.\n" });
  });

  it("takes a time from which on, but not two", async () => {
    house.put(makePod("web"));
    expect((await berth("logs web --since-time 2026-01-02T03:04:05Z")).exitCode).toBe(0);
    expect(house.state.logReads[0]?.options.sinceWallMs).toBe(Date.parse("2026-01-02T03:04:05Z"));
    expect((await berth("logs web --since-time 2026-01-02T03:04:05Z --since 5m")).exitCode).toBe(2);
    expect((await berth("logs web --since-time yesterday")).exitCode).toBe(2);
  });

  it("-f of an earlier instance ends with it: the past does not grow", async () => {
    house.put(makePod("web"));
    const key = "default/web-node1/main/previous";
    const earlier = { id: "one", running: false, ended: true, last: false, attempt: 0, logPath: "/logs/0.log" };
    house.state.instances.set(key, earlier);
    expect((await berth("logs web -f -p")).exitCode).toBe(0);
    expect(house.state.logReads.map(({ path, options }) => [path, options.follow])).toEqual([["/logs/0.log", false]]);
  });

  it("explains a missing earlier instance", async () => {
    house.put(makePod("web"));
    expect(await berth("logs -p web")).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining("has no earlier instance"),
    });
  });
});

describe("exec", () => {
  it("passes stdin and its end, stdout, stderr and the exit code", async () => {
    const streaming = await startStreaming(7);
    house.put(makePod("web"));
    house.state.execUrl = streaming.url;
    expect(await berth("exec -i web -- cat -n", "hello\n")).toEqual({ exitCode: 7, out: "hello\n", err: "bye\n" });
    expect(streaming.seen).toEqual([
      "POST SPDY/3.1 v4.channel.k8s.io",
      "open error",
      "open stdin",
      "open stdout",
      "open stderr",
    ]);
    expect(house.state.execs).toEqual([
      ["id-main", ["cat", "-n"], { stdin: true, stdout: true, stderr: true, tty: false }],
    ]);
    await streaming.close();
  });

  it("carries megabytes both ways", async () => {
    const streaming = await startStreaming(0);
    house.put(makePod("web"));
    house.state.execUrl = streaming.url;
    const input = "0123456789abcdef".repeat(300_000);
    const { exitCode, out, err } = await berth("exec -i web -- cat", input);
    expect(err).toBe("bye\n");
    expect(exitCode).toBe(0);
    expect(out === input).toBe(true);
    await streaming.close();
  });

  it("says why it cannot", async () => {
    house.put(makePod("web"));
    expect(await berth("exec web -c nope -- ls")).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('no container "nope"; it has main'),
    });
    expect(await berth("exec web -- ls")).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining("streaming server"),
    });
    expect(await berth("exec web")).toMatchObject({ exitCode: 2 });
  });

  it("-t goes on without a terminal where there is none, and says so", async () => {
    const streaming = await startStreaming(0);
    house.put(makePod("web"));
    house.state.execUrl = streaming.url;
    expect(await berth("exec -it web -- sh")).toMatchObject({
      exitCode: 0,
      err: expect.stringContaining("Going on without a terminal"),
    });
    expect(house.state.execs).toMatchObject([["id-main", ["sh"], { tty: false }]]);
    await streaming.close();
  });
});

describe("attach", () => {
  it("joins the container's own process, with its standard input where it has one", async () => {
    const streaming = await startStreaming(0);
    const pod = makePod("web", { containers: ["main", "side"] });
    const [main] = pod.spec?.containers ?? [];
    if (main !== undefined) main.stdin = true;
    house.put(pod);
    house.state.execUrl = streaming.url;
    expect(await berth("attach -i web", "hello\n")).toEqual({
      exitCode: 0,
      out: "hello\n",
      err: 'Defaulted container "main" out of: main, side\nbye\n',
    });
    expect(house.state.execs).toEqual([["id-main", { stdin: true, stdout: true, stderr: true, tty: false }]]);
    expect(await berth("attach -i web -c side")).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('"side" has no standard input'),
    });
    await streaming.close();
  });
});

describe("port-forward", () => {
  /** Sends to a port and hands back all that comes. */
  const talk = async (port: number, text: string): Promise<string> => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    socket.end(text);
    let heard = "";
    socket.setEncoding("utf8").on("error", () => {});
    for await (const chunk of socket) heard += chunk;
    return heard;
  };

  it("carries several connections at once until interrupted; one that is refused harms no other", async () => {
    const streaming = await startStreaming(0);
    house.put(makePod("web"));
    house.state.execUrl = streaming.url;
    const seen = makeTerminal(house.socket);
    const end = runBerth(["port-forward", "web", ":80", ":9"], seen.terminal);
    await seen.until("-> 9\n");
    const [, good = "", bad = ""] = /:(\d+) -> 80\n.*:(\d+) -> 9\n/.exec(seen.out()) ?? [];
    const large = "x".repeat(1_000_000);
    const answers = await Promise.all([talk(Number(good), "one"), talk(Number(good), large), talk(Number(bad), "x")]);
    expect(answers[0]).toBe("ONE");
    expect(answers[1] === large.toUpperCase()).toBe(true);
    expect(answers[2]).toBe("");
    expect(seen.err()).toBe("error: forwarding to port 9: connection refused\n");
    expect(await talk(Number(good), "again")).toBe("AGAIN");
    seen.interrupt();
    expect(await end).toBe(0);
    await streaming.close();
  });

  it("takes names of ports, and says what is none", async () => {
    house.put(makePod("web"));
    expect(await berth("port-forward web nope")).toMatchObject({ exitCode: 2, err: expect.stringContaining('"nope"') });
    expect(await berth("port-forward web 80:0")).toMatchObject({ exitCode: 2 });
    expect(await berth("port-forward gone 80")).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining("not found"),
    });
  });
});

describe("cp", () => {
  it("wants one place here and one in a pod, and says what the container says", async () => {
    expect(await berth("cp a b")).toMatchObject({ exitCode: 2, err: expect.stringContaining("POD:PATH") });
    expect(await berth("cp a:/x b:/y")).toMatchObject({ exitCode: 2 });
    const streaming = await startStreaming(3);
    house.put(makePod("web"));
    house.state.execUrl = streaming.url;
    expect(await berth(`cp web:/etc/x ${house.dir}/y`)).toMatchObject({ exitCode: 1, err: "error: bye\n" });
    expect(house.state.execs).toMatchObject([["id-main", ["tar", "-cf", "-", "-C", "/etc", "./x"], { stdin: false }]]);
    await streaming.close();
  });
});

describe("wait", () => {
  it("ends when the condition is met, or the pod is gone", async () => {
    const pod = makePod("web");
    house.put({ ...pod, status: { ...pod.status, conditions: [{ type: "Ready", status: "False" }] } });
    const seen = makeTerminal(house.socket);
    const end = runBerth(["wait", "web", "--for=condition=Ready"], seen.terminal);
    await expect.poll(() => house.state.watchers).toBe(1);
    house.put(pod);
    expect(await end).toBe(0);
    expect(seen.out()).toBe("pod/web condition met\n");
    const gone = berth("wait pod/web --for=delete");
    await expect.poll(() => house.state.watchers).toBe(1);
    house.remove(pod);
    expect((await gone).exitCode).toBe(0);
  });

  it("takes pods as kubectl names them, or finds them by their labels", async () => {
    const pod = makePod("web");
    house.put({ ...pod, metadata: { ...pod.metadata, labels: { env: "test" } } });
    expect(await berth("wait pod web --for=condition=Ready")).toMatchObject({
      exitCode: 0,
      out: "pod/web condition met\n",
    });
    expect(await berth("wait pod -l env=test --for=condition=Ready")).toMatchObject({
      exitCode: 0,
      out: "pod/web-node1 condition met\n",
    });
    expect(await berth("wait -l env=none --for=condition=Ready")).toMatchObject({
      exitCode: 1,
      err: "error: no pod fits the selector env=none\n",
    });
  });

  it("that a person ends says nothing of a timeout", async () => {
    const seen = makeTerminal(house.socket);
    const end = runBerth(["wait", "nope", "--for=condition=Ready"], seen.terminal);
    await expect.poll(() => house.state.watchers).toBe(1);
    seen.interrupt();
    expect([await end, seen.err()]).toEqual([130, ""]);
  });

  it("looks once without waiting, at every pod, or for one to be there", async () => {
    house.put(makePod("web"));
    expect(await berth("wait web --for=condition=Ready --timeout=0")).toMatchObject({ exitCode: 0 });
    expect(await berth("wait web --for=condition=Other --timeout=0s")).toMatchObject({
      exitCode: 1,
      err: "error: timed out: pod/web did not meet condition=Other within 0 s\n",
    });
    expect(await berth("wait --for=create pods --all")).toMatchObject({
      exitCode: 0,
      out: "pod/web-node1 condition met\n",
    });
    expect((await berth("wait none --for=create --timeout=0")).err).toBe(
      "error: timed out: pod/none was not there within 0 s\n",
    );
    const late = berth("wait pod/late --for=create --timeout=-1s");
    await expect.poll(() => house.state.watchers).toBe(1);
    house.put(makePod("late"));
    expect((await late).out).toBe("pod/late condition met\n");
  });

  it("gives up in time", async () => {
    expect(await berth("wait web --for=condition=Ready --timeout=20ms")).toMatchObject({
      exitCode: 1,
      err: "error: timed out: pod/web did not meet condition=Ready within 0.02 s\n",
    });
  });
});

it("restart asks for all app containers, or for one", async () => {
  house.put(makePod("web", { containers: ["main", "side"] }));
  expect((await berth("restart web --wait=false")).exitCode).toBe(0);
  expect((await berth("restart web -c side --wait=false")).exitCode).toBe(0);
  expect(house.state.restarts).toEqual(["default/web-node1/main", "default/web-node1/side", "default/web-node1/side"]);
});

it("restart waits until the container runs as another instance, and says what it waits for", async () => {
  const pod = makePod("web");
  house.put(pod);
  const seen = makeTerminal(house.socket);
  const end = runBerth(["restart", "web"], seen.terminal);
  await expect.poll(seen.err, { timeout: 10_000 }).toContain("waiting for main to end and to run again");
  expect(seen.out()).toBe("");
  house.put(
    withMain(pod, { containerID: "containerd://new", state: { running: { startedAt: "2026-01-02T03:04:07Z" } } }),
  );
  expect(await end).toBe(0);
  expect(seen.out()).toBe("default/web-node1 container main restarted\n");
});

it("restart tells when the containers do not come back", async () => {
  house.put(makePod("web"));
  expect(await berth("restart web --timeout 10ms")).toMatchObject({
    exitCode: 1,
    err: expect.stringContaining("have not come back: main"),
  });
});

it("logs -f says what the container waits for", async () => {
  const pod = makePod("web");
  house.put(withMain(pod, { state: { waiting: { reason: "ImagePullBackOff", message: "no such image" } } }));
  house.state.instances.clear();
  const seen = makeTerminal(house.socket);
  const end = runBerth(["logs", "-f", "web"], seen.terminal);
  await expect
    .poll(seen.err, { timeout: 10_000 })
    .toContain("container main of web-node1 has not begun: no such image");
  house.remove(pod);
  expect(await end).toBe(0);
});

/** The pod with other words about its first container. */
function withMain(pod: v1.Pod, words: Partial<v1.ContainerStatus>): v1.Pod {
  const [main] = pod.status?.containerStatuses ?? [];
  if (main === undefined) throw new Error("the pod has no container");
  return { ...pod, status: { ...pod.status, containerStatuses: [{ ...main, ...words }] } };
}

it("explain tells of a drained host where there is no such pod", async () => {
  house.state.drained = true;
  expect(await berth("explain nope")).toMatchObject({
    exitCode: 1,
    err: expect.stringContaining('not found in namespace "default": this host is drained'),
  });
});

it("version tells both versions, as JSON too", async () => {
  const { exitCode, out } = await berth("version -o json");
  expect([exitCode, Object.keys(JSON.parse(out))]).toEqual([0, ["berth", "berthd"]]);
});

describe("validate", () => {
  it("tells all problems with their places, without berthd", async () => {
    const seen = makeTerminal("/nowhere");
    const folder = fileURLToPath(new URL("../../examples", import.meta.url));
    const bad = join(house.dir, "bad.yaml");
    writeFileSync(bad, "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\nspec:\n  contaners: []\n");
    expect(await runBerth(["validate", "-f", folder], seen.terminal)).toBe(0);
    expect(seen.out()).toContain("hello.yaml: good, 1 pod\n");
    expect(await runBerth(["--socket", "/nowhere", "validate", folder, bad], seen.terminal)).toBe(1);
    expect(seen.out()).toContain(`${bad}:6:3: error: spec.contaners`);
  });

  it("reads standard input, and prints JSON", async () => {
    expect(await berth("validate - -o json", "kind: Pod\n")).toMatchObject({
      exitCode: 1,
      out: expect.stringContaining('"file": "-"'),
    });
    expect(await berth("validate /nowhere.yaml")).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining("/nowhere.yaml"),
    });
  });
});

describe("wrong use", () => {
  it.each([
    ["gett", "did you mean get?"],
    ["get", "get what?"],
    ["get shoes", 'cannot get "shoes"'],
    ["get pods --otput json", "did you mean --output?"],
    ["get pods -o xml", "one of wide, json, yaml, name"],
    ["logs", "which pod?"],
    ["logs web --tail=x", "whole number"],
    ["wait web", "--for is"],
    ["get pods --no-headers=maybe", "neither true nor false"],
    ["-x get pods", "stand behind the command"],
    ["-undefined x get pods", "stand behind the command"],
    ["help gett", "did you mean get?"],
  ])("berth %s: exit code 2", async (line, words) => {
    expect(await berth(line)).toMatchObject({ exitCode: 2, out: "", err: expect.stringContaining(words) });
  });

  it.each(["-n other", "--namespace=other", "-n=other", "-nother"].map((flag) => `${flag} get pods -o name`))(
    "berth %s: the namespace may stand before the command, as with kubectl",
    async (line) => {
      house.put(makePod("web"));
      house.put(makePod("far", { namespace: "other" }));
      expect(await berth(line)).toEqual({ exitCode: 0, out: "pod/far-node1\n", err: "" });
    },
  );

  it("a socket at which nobody answers gives a hint", async () => {
    const seen = makeTerminal("/nowhere/berth.sock");
    expect(await runBerth(["get", "pods"], seen.terminal)).toBe(1);
    expect(seen.err()).toContain("berthd is not running");
  });

  it("every command has a page", async () => {
    for (const name of ["get", "describe", "logs", "exec", "restart", "wait", "validate", "version"]) {
      expect((await berth(`${name} --help`)).out).toContain(`Usage: berth ${name}`);
    }
  });
});
