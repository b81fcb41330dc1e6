import { describe, expect, it } from "vitest";
import { failure, Life } from "../kit/life.ts";
import { app, ending, init, pod, sidecar, volume } from "../kit/pictures.ts";

const hook = { exec: { command: ["/bin/true"] } };
const reasons = (life: Life): readonly string[] =>
  life.plan().holds.map(({ subject, reason }) => `${subject} ${reason}`.trim());

describe("a pod's birth", () => {
  it("goes from home to running with one read beside the writes (3.1, 3.2, S27)", () => {
    const life = new Life(pod());
    expect(life.run()).toEqual(["make-home", "run-sandbox 0", "find-image web:1", "create web#0", "start web-0"]);
    expect(life.plan()).toMatchObject({ actions: [], holds: [], withdraw: [], finished: false, cleaned: false });
    expect(life.plan().wakeAt).toBeUndefined();
  });

  it("looks for one image once, whoever uses it, init containers too (cri-mapping 6.2)", () => {
    const image = "tool:1";
    const life = new Life(
      pod({ containers: [init("prepare", { image }), app("one", { image }), app("two", { image })] }),
    );
    const begun = [...life.run()];
    life.exit("prepare-0", 0);
    begun.push(...life.run());
    expect(begun.filter((word) => word.startsWith("find-image"))).toEqual(["find-image tool:1"]);
  });

  it("sets all volumes before any container, beside the sandbox (5.6)", () => {
    const life = new Life(pod({ volumes: [volume("data"), volume("cache")] }));
    life.slow.add("set-volume");
    expect(life.run()).toEqual([
      "make-home",
      "set-volume data plain",
      "set-volume cache plain",
      "run-sandbox 0",
      "find-image web:1",
    ]);
    life.settle("volume/data");
    expect(life.run()).toEqual([]);
    life.settle("volume/cache");
    expect(life.run()).toEqual(["create web#0", "start web-0"]);
  });

  it("pulls side by side and creates in the order of the manifest (S21, D7)", () => {
    const life = new Life(pod({ containers: [app("a"), app("b")] }), []);
    life.slow.add("pull-image");
    expect(life.run()).toEqual([
      "make-home",
      "run-sandbox 0",
      "find-image a:1",
      "find-image b:1",
      "pull-image a:1",
      "pull-image b:1",
    ]);
    life.settle("image/b:1");
    expect(life.run()).toEqual(["create b#0", "start b-0"]);
    life.settle("image/a:1");
    expect(life.run()).toEqual(["create a#0", "start a-0"]);
  });

  it("creates in order when the later image is known first (S21)", () => {
    const life = new Life(pod({ containers: [app("a"), app("b")] }));
    life.slow.add("find-image");
    life.run();
    life.settle("image/b:1");
    expect(life.run()).toEqual([]);
    life.settle("image/a:1");
    expect(life.run()).toEqual(["create a#0", "start a-0", "create b#0", "start b-0"]);
  });

  it("holds a later first start while an earlier postStart runs, not a restart (H1, S21)", () => {
    const life = new Life(pod({ containers: [app("a", { spec: { lifecycle: { postStart: hook } } }), app("b")] }));
    life.slow.add("postStart a-0");
    expect(life.run().slice(-3)).toEqual(["create a#0", "start a-0", "postStart a-0"]);
    expect(reasons(life)).toEqual(["container/b ContainerCreating"]);
    life.settle("hook/a");
    expect(life.run()).toEqual(["create b#0", "start b-0"]);
    life.exit("a-0", 0);
    life.slow.add("postStart a-1");
    life.run();
    life.exit("b-0", 1);
    expect(life.run()).toContain("start b-1");
  });

  it("runs init containers in turn and keeps sidecars beside the apps (S8, S9, S12)", () => {
    const life = new Life(pod({ containers: [init("i"), sidecar("s", { spec: { startupProbe: {} } }), app("a")] }));
    expect(life.run().at(-1)).toBe("start i-0");
    expect(reasons(life)).toEqual(["container/s PodInitializing", "container/a PodInitializing"]);
    life.exit("i-0", 0);
    expect(life.run()).toEqual(["find-image s:1", "read-message i-0", "create s#0", "start s-0"]);
    life.verdicts.set("s-0", { startup: "passed" });
    expect(life.run()).toEqual(["find-image a:1", "create a#0", "start a-0"]);
    life.exit("s-0", 0);
    expect(life.run()).toContain("start s-1");
  });
});

describe("a sandbox that cannot be made", () => {
  it("is tried again after ten seconds (S6)", () => {
    const life = new Life(pod());
    life.faults.set("run-sandbox 0", failure("no room"));
    expect(life.run().slice(0, 2)).toEqual(["make-home", "run-sandbox 0"]);
    expect(life.plan().holds).toMatchObject([
      { subject: "sandbox", reason: "FailedCreatePodSandBox", message: "no room" },
    ]);
    expect(life.pass(20_000)).toEqual(["10 run-sandbox 0", "10 create web#0", "10 start web-0"]);
  });

  it("is looked for before it is tried again when the call may have worked (design 3)", () => {
    const life = new Life(pod());
    life.faults.set("run-sandbox 0", failure("deadline", { code: "RuntimeTimeout", effect: "unknown" }));
    life.slow.add("look");
    expect(life.run()).toEqual(["make-home", "run-sandbox 0", "find-image web:1", "look"]);
    const whole = { podUid: "uid-1", sandboxes: [], containers: [], gone: [] };
    life.see({ sandboxes: [{ id: "box-x", attempt: 0, state: "ready", createdWallMs: 1, ips: ["10.0.0.1"] }] });
    expect(life.run()).toEqual(["create web#0", "start web-0"]);
    const late = { kind: "objects", sighting: { ...whole, whole: { begunMonoMs: life.monoMs - 1 } } } as const;
    life.settle("pod", { kind: "done", seen: late });
    expect(life.memory.inDoubt).toEqual({ sandbox: life.monoMs });
    expect(life.run()).toEqual(["look"]);
    life.settle("pod");
    expect(life.memory.inDoubt).toEqual({});
  });

  it("waits for the network, unless it is the host's (3.1)", () => {
    const life = new Life(pod());
    life.around = { ...life.around, networkReady: false, networkMessage: "cni not found" };
    expect(life.run()).toEqual(["make-home"]);
    expect(life.plan().holds).toMatchObject([{ subject: "sandbox", needs: "network", message: "cni not found" }]);
    const onHost = new Life(pod({ hostNetwork: true }));
    onHost.around = life.around;
    expect(onHost.run()).toContain("start web-0");
  });
});

describe("restarts", () => {
  it("wait 0, 10, 20, 40, 80, 160, 300, 300 s (B4)", () => {
    const life = new Life(pod());
    life.run();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      life.exit(`web-${attempt}`, 0);
      const begun = life.monoMs;
      const words = life.pass(400_000);
      const start = words.find((word) => word.includes(`start web-${attempt + 1}`));
      waits.push(Number(start?.split(" ")[0]));
      life.monoMs = begun + Number(start?.split(" ")[0]) * 1000 + 1000;
    }
    expect(waits).toEqual([0, 10, 20, 40, 80, 160, 300, 300]);
  });

  it("say CrashLoopBackOff after the exit was shown (B5, 3.1)", () => {
    const life = new Life(pod());
    life.run();
    life.exit("web-0", 1);
    life.run();
    life.exit("web-1", 1);
    life.run();
    expect(reasons(life)).toEqual(["container/web"]);
    life.pass(2000);
    expect(life.plan().holds).toMatchObject([
      {
        reason: "CrashLoopBackOff",
        message: "back-off 10s restarting failed container=web pod=site-host1_default(uid-1)",
      },
    ]);
  });

  it("keep their back-off across kill -9 (D8)", () => {
    const life = new Life(pod());
    life.run();
    life.exit("web-0", 1);
    life.run();
    life.exit("web-1", 1);
    life.pass(4000);
    life.restartAgent();
    const words = life.pass(8000);
    expect(words).toContain("6 start web-2");
    expect(words.some((word) => word.startsWith("0 create"))).toBe(false);
  });

  it.each([3_600_000, -3_600_000])("are moved by no jump of the wall clock: %d ms (design 3)", (jumpMs) => {
    const life = new Life(pod());
    life.run();
    life.exit("web-0", 1);
    life.run();
    life.monoMs += 60_000;
    life.exit("web-1", 1);
    life.gapMs += jumpMs;
    expect(life.pass(15_000)).toContain("10 start web-2");
  });

  it("keep one dead instance of each name, the newest (G8, G9)", () => {
    const life = new Life(pod());
    life.run();
    for (const id of ["web-0", "web-1", "web-2"]) {
      life.exit(id, 1);
      life.pass(30_000);
    }
    expect(life.known.observed.containers.map(({ id }) => id)).toEqual(["web-3", "web-2"]);
  });
});

describe("images", () => {
  it("back off 10, 20, 40 s, first as ErrImagePull, then as ImagePullBackOff (B10, 4.3)", () => {
    const life = new Life(pod(), []);
    life.faults.set("pull-image", failure("not found", { code: "ImagePullFailed" }));
    const pulls = life.pass(75_000).filter((word) => word.includes("pull"));
    expect(pulls).toEqual(["0 pull-image web:1", "10 pull-image web:1", "30 pull-image web:1", "70 pull-image web:1"]);
    const other = new Life(pod(), []);
    other.faults.set("pull-image", failure("not found", { code: "ImagePullFailed" }));
    other.run();
    expect(other.plan().holds).toMatchObject([{ reason: "ErrImagePull", message: "not found" }]);
    other.pass(3000);
    expect(other.plan().holds).toMatchObject([
      { reason: "ImagePullBackOff", message: 'Back-off pulling image "web:1": ErrImagePull: not found' },
    ]);
  });

  it("are used at once when somebody brings them meanwhile (6.2)", () => {
    const life = new Life(pod(), []);
    life.faults.set("pull-image", failure("not found"));
    life.pass(45_000);
    life.images.add("web:1");
    expect(life.pass(10_000).some((word) => word.includes("start web-0"))).toBe(true);
  });

  it("are pulled at each start with policy Always, looked for at each with IfNotPresent (B11, E1)", () => {
    const life = new Life(pod({ containers: [app("a", { pullPolicy: "Always" }), app("b")] }));
    expect(life.run().filter((word) => word.includes("image"))).toEqual(["pull-image a:1", "find-image b:1"]);
    life.monoMs += 1000;
    life.exit("a-0", 1);
    life.exit("b-0", 1);
    expect(life.run().filter((word) => word.includes("image"))).toEqual(["pull-image a:1", "find-image b:1"]);
  });

  it("are never pulled with policy Never (B11)", () => {
    const life = new Life(pod({ containers: [app("a", { pullPolicy: "Never" })] }), []);
    const words = life.pass(25_000);
    expect(words.filter((word) => word.includes("pull"))).toEqual([]);
    expect(words.filter((word) => word.includes("find"))).toHaveLength(3);
    expect(life.plan().holds).toMatchObject([{ reason: "ErrImageNeverPull" }]);
  });
});

describe("an ending", () => {
  it("stops all, then the sandbox, and frees the name before the records go (8.3, T9)", () => {
    const life = new Life(pod({ containers: [app("a"), app("b")] }));
    life.run();
    life.ending = ending();
    life.around = { ...life.around, asked: false };
    life.slow.add("remove-container");
    expect(life.run()).toEqual([
      "stop a-0 30s podEnding",
      "stop b-0 30s podEnding",
      "stop-sandbox box-0",
      "clear-home logs",
      "remove a-0",
      "remove b-0",
    ]);
    expect(life.plan()).toMatchObject({ finished: true, cleaned: false });
    life.settle("container/a");
    life.settle("container/b");
    expect(life.run()).toEqual(["remove-sandbox box-0", "clear-home nothing"]);
    expect(life.plan()).toMatchObject({ finished: true, cleaned: true, actions: [], holds: [] });
  });

  it("keeps what is left of a pod that is still asked for (T8, T16)", () => {
    const life = new Life(pod());
    life.run();
    life.ending = ending();
    expect(life.run()).toEqual([
      "stop web-0 30s podEnding",
      "stop-sandbox box-0",
      "read-message web-0",
      "clear-home logs",
    ]);
    expect(life.plan()).toMatchObject({ finished: true, cleaned: true });
    const again = new Life(life.desired);
    again.known = life.known;
    again.monoMs += 5000;
    expect(again.run()).toEqual([
      "make-home",
      "stop-sandbox box-0",
      "run-sandbox 1",
      "find-image web:1",
      "create web#1 after 10s",
      "start web-1",
    ]);
  });

  it("runs preStop and stop under one deadline, at least 2 s for the stop (H8, H9)", () => {
    const life = new Life(pod({ containers: [app("a", { spec: { lifecycle: { preStop: hook } } })] }));
    life.run();
    life.slow.add("run-hook");
    life.ending = ending({ graceSeconds: 10 });
    expect(life.run()).toEqual(["preStop a-0"]);
    expect(life.inFlight.get("hook/a")?.action).toMatchObject({ until: life.monoMs + 10_000 });
    life.monoMs += 3500;
    life.settle("hook/a");
    expect(life.run()[0]).toBe("stop a-0 7s podEnding");
    const late = new Life(life.desired);
    late.run();
    late.slow.add("run-hook");
    late.ending = ending({ graceSeconds: 10 });
    late.run();
    late.monoMs += 10_000;
    late.settle("hook/a");
    expect(late.run()[0]).toBe("stop a-0 2s podEnding");
  });

  it("stops sidecars after the apps in reverse order, their preStop at once (H10, H11)", () => {
    const containers = [sidecar("first", { spec: { lifecycle: { preStop: hook } } }), sidecar("second"), app("a")];
    const life = new Life(pod({ containers }));
    life.run();
    life.slow.add("stop-container");
    life.ending = ending();
    expect(life.run()).toEqual(["preStop first-0", "stop a-0 30s podEnding"]);
    life.monoMs += 5000;
    life.settle("container/a");
    expect(life.run()).toEqual(["stop second-0 25s podEnding"]);
    life.settle("container/second");
    expect(life.run()).toEqual(["stop first-0 25s podEnding"]);
  });

  it("stops a sidecar when the grace is used up, whoever still runs (H11)", () => {
    const life = new Life(pod({ containers: [sidecar("s"), app("a")] }));
    life.run();
    life.slow.add("stop-container");
    life.ending = ending({ graceSeconds: 4 });
    expect(life.pass(6000)).toEqual(["0 stop a-0 4s podEnding", "4 stop s-0 2s podEnding"]);
  });

  it("follows a stop with a shorter one when the grace shrinks (T2, T4)", () => {
    const life = new Life(pod());
    life.run();
    life.slow.add("stop-container");
    life.ending = ending({ graceSeconds: 30 });
    life.run();
    life.monoMs += 1000;
    life.ending = ending({ graceSeconds: 5 });
    expect(life.run()).toEqual(["withdraw container/web", "stop web-0 5s podEnding"]);
    life.ending = ending({ graceSeconds: 30 });
    expect(life.run()).toEqual([]);
  });

  it("is over at once for a pod that never began (T7, T14)", () => {
    const life = new Life(pod());
    life.around = { ...life.around, turn: false };
    expect(life.run()).toEqual([]);
    expect(life.plan().holds).toMatchObject([{ needs: "name" }]);
    life.ending = ending();
    life.around = { ...life.around, asked: false };
    expect(life.run()).toEqual([]);
    expect(life.plan()).toMatchObject({ finished: true, cleaned: true });
  });

  it("gives up pulls and waits for creates that have begun (S2, T7)", () => {
    const life = new Life(pod({ containers: [app("a"), app("b")] }), ["a:1"]);
    life.slow.add("pull-image").add("start-container");
    life.run();
    life.ending = ending();
    life.around = { ...life.around, asked: false };
    expect(life.run()).toEqual(["withdraw image/b:1", "withdraw container/a"]);
    life.settle("container/a");
    expect(life.run().slice(0, 2)).toEqual(["stop a-0 30s podEnding", "stop-sandbox box-0"]);
  });

  it("comes by itself when all has been done (5.2, S22, T18)", () => {
    const life = new Life(
      pod({ restartPolicy: "Never", containers: [sidecar("s"), app("a", { restartPolicy: "Never" })] }),
    );
    life.run();
    life.exit("a-0", 0);
    expect(life.run()).toEqual([
      "stop s-0 30s podEnding",
      "stop-sandbox box-0",
      "read-message s-0",
      "read-message a-0",
      "clear-home logs",
    ]);
    expect(life.memory.terminal).toEqual({ phase: "Succeeded", bootId: "boot-1" });
    life.restartAgent({ terminal: undefined as never });
    expect(life.run()).not.toContain("create a#1");
    expect(life.memory.terminal).toMatchObject({ phase: "Succeeded" });
  });

  it("comes with activeDeadlineSeconds, init time included (T5)", () => {
    const life = new Life(pod({ activeDeadlineSeconds: 20, containers: [init("i"), app("a")] }));
    const words = life.pass(25_000);
    expect(words).toContain("20 stop i-0 30s podEnding");
    expect(life.memory.terminal).toMatchObject({ phase: "Failed", reason: "DeadlineExceeded" });
  });
});
