import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasTmux, openScreen } from "../../dev/tmux.ts";
import { CLIENTS, type Client, type NodeWorld, openNodeWorld } from "./node-world.ts";

// kubectl through a real API server to the node's own API (issue 9).

const MIB = 1024 * 1024;
let world: NodeWorld;
beforeAll(async () => {
  world = await openNodeWorld("cluster-node-api");
}, 300_000);
afterAll(() => world?.close());

/** How many sessions were opened by a method: WebSockets by GET, SPDY by POST. */
async function opened(method: string, path: string): Promise<number> {
  const { text } = await world.call("GET", `https://${world.address}:${world.port}/metrics`);
  const lines = text.split("\n").filter((line) => line.startsWith("kubelet_http_requests_total{"));
  const own = lines.filter((line) => line.includes(`method="${method}"`) && line.includes(`path="${path}"`));
  return own.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

describe.each(Object.entries(CLIENTS))("%s", (label, make) => {
  let client: Client;
  beforeAll(async () => {
    client = await make();
  }, 300_000);
  const run = (...args: string[]) => world.kubectl(client, ...args);
  const begin = (...args: string[]) => world.begin(client, ...args);

  it("logs, with its flags", async () => {
    const { name } = world;
    const logs = async (...args: string[]) => {
      const { code, stdout, stderr } = await run("logs", name, ...args);
      expect(`${code} ${stderr}`).toBe("0 ");
      return stdout;
    };
    const own = (...args: string[]) => logs("-c", "web", ...args);
    expect(await own()).toBe("one\ntwo\nthree\n");
    expect(await own("--tail=1")).toBe("three\n");
    expect(await own("--tail=-1")).toBe("one\ntwo\nthree\n");
    expect(await own("--limit-bytes=5")).toBe("one\nt");
    expect(await own("--since=1h")).toBe("one\ntwo\nthree\n");
    expect(await own("--since-time=2099-01-01T00:00:00Z")).toBe("");
    expect(await own("--timestamps", "--tail=1")).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}\S+ three\n$/);
    expect(await own("--insecure-skip-tls-verify-backend", "--tail=1")).toBe("three\n");
    expect(await own("--prefix", "--tail=1")).toBe(`[pod/${name}/web] three\n`);
    expect(await logs("--all-containers", "--tail=1")).toContain("three\n");
    expect(await run("logs", name, "-c", "web", "-p")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`previous terminated container "web" in pod "${name}" not found`),
    });
    expect((await run("logs", name, "-c", "none")).code).toBe(1);
  });

  it("logs -f misses no line over rotations", async () => {
    const follower = begin("logs", "-f", world.name, "-c", "count", "--tail=1");
    const seen = new Set<string>();
    await world.host.eventually(
      "three rotations",
      () => {
        const paths = readdirSync(world.host.places.podLogs, { recursive: true, encoding: "utf8" });
        // a rotated file is compressed later: it is still the same one
        for (const path of paths) if (/count\/0\.log\./.test(path)) seen.add(path.replace(/\.gz$|\.tmp$/g, ""));
        expect(seen.size).toBeGreaterThanOrEqual(3);
        expect(follower.out().split("\n").length).toBeGreaterThan(100);
      },
      { withinMs: 60_000 },
    );
    await follower.end();
    const lines = follower.out().trim().split("\n").slice(0, -1);
    const numbers = lines.map((line) => Number(line.slice(5)));
    expect(numbers.length).toBeGreaterThan(100 - 2);
    expect(numbers).toEqual(numbers.map((_, place) => (numbers[0] ?? 0) + place));
  });

  it("exec: both outputs, the exit code, stdin to its end", async () => {
    const both = await run("exec", world.name, "-c", "web", "--", "sh", "-c", "echo out; echo err >&2; exit 3");
    expect(both).toMatchObject({ stdout: "out\n", code: 3 });
    expect(both.stderr).toContain("err\n");
    const sent = randomBytes(5 * MIB);
    const sum = begin("exec", "-i", world.name, "-c", "web", "--", "md5sum");
    sum.child.stdin.end(sent);
    await once(sum.child, "exit");
    expect(sum.out()).toContain(createHash("md5").update(sent).digest("hex"));
    expect((await run("exec", world.name, "-c", "web", "--", "no-such-program")).code).not.toBe(0);
  });

  it.runIf(hasTmux())("exec -it: a terminal whose size follows the window", async () => {
    const screen = await openScreen(99, 33, { ...client.environment, TERM: "xterm" });
    const words = (text: string) =>
      world.host.eventually(`${text} on the screen`, async () => expect(await screen.text()).toContain(text));
    try {
      const config = `--kubeconfig ${world.cluster.kubeconfig}`;
      await screen.type(`clear; ${client.program} ${config} exec -it ${world.name} -c web -- sh; echo left $?`);
      await screen.press("Enter");
      await words("/ #");
      await screen.type("clear; stty size");
      await screen.press("Enter");
      await words("33 99");
      await screen.resize(120, 40);
      await world.host.eventually("the new size", async () => {
        await screen.type("stty size");
        await screen.press("Enter");
        expect(await screen.text()).toContain("40 120");
      });
      await screen.type("exit 7");
      await screen.press("Enter");
      await words("left 7");
    } finally {
      await screen.close();
    }
  });

  it("cp of 200 MiB there and back", async () => {
    const there = join(world.host.places.folder, "there");
    const back = join(world.host.places.folder, "back");
    writeFileSync(there, randomBytes(200 * MIB));
    const digest = (path: string): string => createHash("md5").update(readFileSync(path)).digest("hex");
    const up = await run("cp", "-c", "web", there, `${world.name}:/tmp/there`);
    expect(`${up.code} ${up.stderr}`).toMatch(/^0 /);
    const inside = await run("exec", world.name, "-c", "web", "--", "md5sum", "/tmp/there");
    expect(inside.stdout).toContain(digest(there));
    const down = await run("cp", "-c", "web", `${world.name}:/tmp/there`, back);
    expect(`${down.code} ${down.stderr}`).toMatch(/^0 /);
    expect(digest(back)).toBe(digest(there));
  });

  it("attach types to the container's own process", async () => {
    const attached = begin("attach", "-i", world.name, "-c", "echo");
    await world.host.eventually("the process answers", () => {
      attached.child.stdin.write("there?\n");
      expect(attached.out()).toContain("got there?\n");
    });
    await attached.end();
  });

  it("port-forward carries 50 connections at once", async () => {
    const forward = begin("port-forward", world.name, ":8080");
    const local = await world.host.eventually("it listens", () => {
      const [, found] = /127\.0\.0\.1:(\d+) -> 8080/.exec(forward.out()) ?? [];
      if (found === undefined) throw new Error(forward.out() + forward.err());
      return found;
    });
    const texts = await Promise.all(
      Array.from({ length: 50 }, async () => (await fetch(`http://127.0.0.1:${local}/`)).text()),
    );
    expect(texts).toEqual(Array(50).fill("hello from the pod\n"));
    await forward.end();
  });

  it("all that went by the protocol that it is to speak", async () => {
    const counts = async () => ({
      webSocket: (await opened("GET", "exec")) + (await opened("GET", "portForward")),
      spdy: (await opened("POST", "exec")) + (await opened("POST", "portForward")),
    });
    const before = await counts();
    await run("exec", world.name, "-c", "web", "--", "true");
    const after = await counts();
    const byWebSocket = label === "the newest kubectl";
    expect(after.webSocket - before.webSocket).toBe(byWebSocket ? 1 : 0);
    expect(after.spdy - before.spdy).toBe(byWebSocket ? 0 : 1);
  });

  it("pages through the API server's proxy", async () => {
    const page = async (path: string): Promise<string> => {
      const { stdout } = await run("get", "--raw", `/api/v1/nodes/${world.host.node}/proxy/${path}`);
      return stdout;
    };
    const { name, port } = world;
    expect(await page("healthz")).toBe("ok");
    expect(await page("metrics/resource")).toContain(`container_cpu_usage_seconds_total{container="web",pod="${name}"`);
    const { pods } = JSON.parse(await page("stats/summary")) as { pods: { podRef: { name: string } }[] };
    expect(pods.map(({ podRef }) => podRef.name)).toContain(name);
    expect(JSON.parse(await page("configz"))).toMatchObject({ kubeletconfig: { port } });
  });
});

it("tokens and rights are the cluster's own", async () => {
  const { cluster, host, call, address, port } = world;
  await cluster.kubectl(["create", "serviceaccount", "scraper"]);
  await cluster.kubectl(["create", "clusterrole", "scraper", "--verb=get", "--resource=nodes/metrics"]);
  await cluster.kubectl([
    "create",
    "clusterrolebinding",
    "scraper",
    "--clusterrole=scraper",
    "--serviceaccount=default:scraper",
  ]);
  const token = await host.eventually("a token", async () => {
    const secret = await cluster.kubectl(["get", "serviceaccount", "scraper", "-o", "jsonpath={.secrets[0].name}"]);
    const encoded = await cluster.kubectl(["get", "secret", secret, "-o", "jsonpath={.data.token}"]);
    if (encoded === "") throw new Error("not yet");
    return Buffer.from(encoded, "base64").toString();
  });
  const own = `https://${address}:${port}`;
  await host.eventually(
    "the right counts",
    async () => {
      expect((await call("GET", `${own}/metrics/resource`, { token })).status).toBe(200);
    },
    { withinMs: 60_000 },
  );
  const refused = await call("GET", `${own}/pods`, { token });
  expect(refused).toMatchObject({ status: 403 });
  expect(refused.text).toContain("user=system:serviceaccount:default:scraper, verb=get, resource=nodes");
  expect((await call("GET", `${own}/pods`, { token: "bad" })).status).toBe(401);
  expect((await call("GET", `${own}/pods`, { nobody: true })).status).toBe(401);
  expect((await call("GET", `${own}/pods`)).status).toBe(200);
});
