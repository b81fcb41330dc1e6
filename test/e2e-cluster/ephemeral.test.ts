import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasTmux, openScreen } from "../../dev/tmux.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { container, IMAGE, pod, sh } from "../kit/sample-pods.ts";
import { CLIENTS, type Client, type NodeWorld, openNodeWorld } from "./node-world.ts";

// `kubectl debug` with ephemeral containers (issues 8 and 9). The server is 1.20, where they are alpha, and where their
// subresource takes a kind of its own; later forms are shown on the server of test/kit (test/e2e-cluster/later-server.test.ts).

let world: NodeWorld;
let old: Client;
/** Of the pod's own container, before anything was done to it. */
let untouched: v1.ContainerStatus | undefined;

const PATIENT = { withinMs: 60_000 };
const NAME = "watched";
const main = container("main", { command: sh("trap 'exit 0' TERM; while :; do sleep 7654 & wait $!; done") });

beforeAll(async () => {
  world = await openNodeWorld("cluster-ephemeral", ["--feature-gates=EphemeralContainers=true"]);
  old = await CLIENTS["kubectl 1.20"]();
  const spec = { automountServiceAccountToken: false, containers: [main] };
  await world.cluster.kubectl(["create", "-f", "-"], JSON.stringify(pod(NAME, spec)));
  untouched = await world.host.eventually(
    "the pod runs",
    async () => {
      const [status] = (await seen()).status?.containerStatuses ?? [];
      expect(status?.state?.running).toBeDefined();
      return status;
    },
    PATIENT,
  );
}, 300_000);
afterAll(() => world?.close());

const seen = async (): Promise<v1.Pod> =>
  JSON.parse(await world.cluster.kubectl(["get", "pod", NAME, "-o", "json"])) as v1.Pod;
const statusOf = async (name: string): Promise<v1.ContainerStatus | undefined> =>
  (await seen()).status?.ephemeralContainerStatuses?.find((status) => status.name === name);
const debug = (...args: string[]): string[] => ["debug", NAME, `--image=${IMAGE}`, ...args];
const ended = (name: string, exitCode: number): Promise<void> =>
  world.host.eventually(
    `${name} has ended`,
    async () => expect((await statusOf(name))?.state?.terminated?.exitCode).toBe(exitCode),
    PATIENT,
  );

describe("kubectl 1.20 debug", () => {
  it("--target: sees the processes of the container that it was put beside, and touches nothing of it", async () => {
    const args = ["--target=main", "-c", "looker", "--", "sh", "-c", "echo looking; sleep 100000"];
    const made = await world.kubectl(old, ...debug(...args));
    expect(`${made.code} ${made.stderr}`).toBe("0 ");
    await world.host.eventually(
      "it runs",
      async () => expect((await statusOf("looker"))?.state?.running).toBeDefined(),
      PATIENT,
    );
    const processes = await world.kubectl(old, "exec", NAME, "-c", "looker", "--", "ps");
    expect(processes.stdout).toContain("sleep 7654");
    expect(processes.stdout).toContain("sleep 100000");
    expect((await world.kubectl(old, "logs", NAME, "-c", "looker")).stdout).toBe("looking\n");
    const { status } = await seen();
    expect(status?.phase).toBe("Running");
    expect(status?.containerStatuses).toEqual([untouched]);
    expect(await statusOf("looker")).toMatchObject({ ready: false, restartCount: 0, lastState: {} });
    const events = await world.cluster.kubectl(["get", "events", "-o", "json"]);
    expect(events).toContain("spec.ephemeralContainers{looker}");
    expect(events).not.toContain("Killing");
  }, 120_000);

  it("-i: types to it until it ends; it is not started again", async () => {
    const talk = world.begin(old, ...debug("-i", "-c", "talker", "--", "sh"));
    await world.host.eventually(
      "it answers",
      () => {
        if (talk.child.exitCode === null) talk.child.stdin.write("echo heard $((20 + 22))\n");
        expect(talk.out()).toContain("heard 42\n");
      },
      PATIENT,
    );
    const exit = once(talk.child, "exit");
    talk.child.stdin.end("exit 3\n");
    await exit;
    await ended("talker", 3);
    await world.host.steadily(3000, async () => {
      expect(await statusOf("talker")).toMatchObject({ restartCount: 0, state: { terminated: { exitCode: 3 } } });
    });
    expect((await seen()).status?.containerStatuses).toEqual([untouched]);
  }, 120_000);

  it.runIf(hasTmux())(
    "-it: a terminal of its own",
    async () => {
      const screen = await openScreen(99, 33, { TERM: "xterm" });
      try {
        const config = `--kubeconfig ${world.cluster.kubeconfig}`;
        await screen.type(
          `clear; ${old.program} ${config} ${debug("-it", "-c", "screen").join(" ")} -- sh; echo left $?`,
        );
        await screen.press("Enter");
        await world.host.eventually("it asks", async () => expect(await screen.text()).toContain("/ #"), PATIENT);
        await screen.type("clear; stty size; tty");
        await screen.press("Enter");
        await world.host.eventually("a terminal", async () => {
          const text = await screen.text();
          expect(text).toContain("33 99");
          expect(text).toContain("/dev/pts/0");
        });
        await screen.type("exit 0");
        await screen.press("Enter");
        await ended("screen", 0);
      } finally {
        await screen.close();
      }
    },
    120_000,
  );

  it("goes on under the next berthd, and what had ended stays so", async () => {
    const before = (await seen()).status?.ephemeralContainerStatuses;
    expect(before?.map(({ name }) => name)).toContain("looker");
    await world.host.crash();
    await world.host.start();
    await world.host.steadily(5000, async () => {
      const { status } = await seen();
      expect(status?.ephemeralContainerStatuses).toEqual(before);
      expect(status?.containerStatuses).toEqual([untouched]);
    });
    const processes = await world.kubectl(old, "exec", NAME, "-c", "looker", "--", "ps");
    expect(processes.stdout).toContain("sleep 100000");
  }, 120_000);
});

it("the newest kubectl and this server do not understand each other, and say so", async () => {
  const newest = await CLIENTS["the newest kubectl"]();
  const made = await world.kubectl(newest, ...debug("--target=main", "-c", "newest", "--", "sleep", "1"));
  expect(made).toMatchObject({ code: 1, stderr: expect.stringContaining("EphemeralContainers") });
  expect((await seen()).spec?.ephemeralContainers?.map(({ name }) => name)).not.toContain("newest");
}, 60_000);

it("all of them end with the pod", async () => {
  await world.cluster.kubectl(["delete", "pod", NAME, "--wait=false"]);
  await world.host.eventually(
    "it is gone from the server",
    async () => expect(await world.cluster.kubectl(["get", "pod", NAME, "--ignore-not-found", "-o", "name"])).toBe(""),
    PATIENT,
  );
  await world.host.gone(NAME, PATIENT);
}, 120_000);
