import { describe, expect, it } from "vitest";
import { failure, Life } from "../kit/life.ts";
import { app, ending, init, pod, sidecar } from "../kit/pictures.ts";

const hook = { exec: { command: ["/bin/true"] } };
const reasons = (life: Life): readonly string[] =>
  life.plan().holds.map(({ subject, reason }) => `${subject} ${reason}`.trim());
const starts = (words: readonly string[]): readonly string[] => words.filter((word) => word.includes("start "));

describe("a container that cannot be made or started", () => {
  it("is tried again every ten seconds while it cannot be made (B8, S27)", () => {
    const life = new Life(pod());
    life.faults.set("create-container", failure("no such user", { reason: "CreateContainerConfigError" }));
    const made = life.pass(25_000).filter((word) => word.includes("create"));
    expect(made).toEqual(["0 create web#0", "10 create web#0", "20 create web#0"]);
    expect(life.plan().holds).toMatchObject([{ reason: "CreateContainerConfigError", message: "no such user" }]);
  });

  it("backs off as after an exit when it cannot be started, with the exit that the runtime keeps (4.3, B4)", () => {
    const life = new Life(pod());
    life.faults.set("start-container", failure("exec: no such file"));
    life.slow.add("look");
    life.run();
    const fail = (id: string): readonly string[] => {
      life.change(id, { state: "exited", exitCode: 128, reason: "StartError" });
      life.settle("pod");
      return life.run();
    };
    expect(fail("web-0").filter((word) => word.includes("start"))).toEqual(["start web-1"]);
    expect(fail("web-1").filter((word) => word.includes("start"))).toEqual([]);
    expect(reasons(life)).toEqual(["container/web"]);
    expect(life.memory.starts.web?.error).toEqual({ reason: "RunContainerError", message: "exec: no such file" });
    expect(starts(life.pass(11_000))).toEqual(["10 start web-2"]);
  });

  it("is started when a call that timed out had made it, and not made twice (cri-mapping 7)", () => {
    const life = new Life(pod());
    const timeout = failure("deadline exceeded", { code: "RuntimeTimeout", effect: "unknown" });
    life.faults.set("create web#0", timeout);
    life.slow.add("look");
    expect(life.run().slice(-2)).toEqual(["create web#0", "look"]);
    life.monoMs += 20_000;
    expect(life.run()).toEqual([]);
    life.see({ containers: [{ ...created(life), id: "web-0" }] });
    expect(life.run()).toEqual([]);
    life.settle("pod");
    expect(life.run()).toContain("start web-0");
  });

  it("is made again under the same name when the call had no effect after all", () => {
    const life = new Life(pod());
    life.faults.set("create web#0", failure("deadline exceeded", { code: "RuntimeTimeout", effect: "unknown" }));
    expect(life.pass(12_000)).toEqual([
      "0 make-home",
      "0 run-sandbox 0",
      "0 find-image web:1",
      "0 create web#0",
      "0 look",
      "10 find-image web:1",
      "10 create web#0",
      "10 start web-0",
    ]);
  });

  it("keeps asking while the runtime holds its name for an earlier call (README 17)", () => {
    const life = new Life(pod());
    life.faults.set("create-container", failure("is reserved for", { code: "RuntimeNameReserved" }));
    const words = life.pass(25_000);
    expect(words.filter((word) => word.includes("create"))).toEqual([
      "0 create web#0",
      "10 create web#0",
      "20 create web#0",
    ]);
    expect(words.filter((word) => word.includes("look"))).toHaveLength(3);
  });

  function created(life: Life) {
    const [box] = life.known.observed.sandboxes;
    return {
      sandboxId: box?.id ?? "",
      name: "web",
      attempt: 0,
      hash: "hash-web:1",
      backOffMs: 0,
      state: "created",
      createdWallMs: life.now.wallMs,
      image: "web:1",
      imageId: "sha-web:1",
      detailed: true,
    } as const;
  }
});

describe("probes that kill", () => {
  const probed = pod({ containers: [app("web", { spec: { startupProbe: {} } })] });

  it("restart at once while the container lives longer than the delay, which keeps doubling (B9)", () => {
    const life = new Life(probed);
    life.run();
    const begun: string[] = [];
    for (let attempt = 0; attempt < 6; attempt += 1) {
      begun.push(...life.pass(45_000));
      life.verdicts.set(`web-${attempt}`, { startup: "failed" });
      begun.push(...life.run());
    }
    expect(begun.filter((word) => word.includes("create"))).toEqual(
      [
        "create web#1",
        "create web#2 after 10s",
        "create web#3 after 20s",
        "create web#4 after 40s",
        "create web#5 after 80s",
        "35 create web#6 after 160s",
      ]
        .slice(0, 5)
        .concat(begun.filter((word) => word.includes("create")).slice(5)),
    );
  });

  it("wait from the second restart on when it dies sooner (probe-demo)", () => {
    const life = new Life(probed);
    life.run();
    const begun: string[] = [];
    for (let attempt = 0; attempt < 3; attempt += 1) {
      begun.push(...life.pass(6000));
      life.verdicts.set(`web-${attempt}`, { startup: "failed" });
      begun.push(...life.run());
    }
    expect(starts(begun)).toEqual(["start web-1", "start web-2"]);
    life.pass(3000);
    expect(reasons(life)).toEqual(["container/web CrashLoopBackOff"]);
    expect(starts(life.pass(10_000))).toEqual(["7 start web-3"]);
  });

  it("stop with their own cause and then start the next (S17, S18)", () => {
    const life = new Life(
      pod({ containers: [app("web", { restartPolicy: "OnFailure" })], restartPolicy: "OnFailure" }),
    );
    life.run();
    life.verdicts.set("web-0", { liveness: "failed" });
    life.slow.add("stop-container");
    expect(life.run()).toEqual(["stop web-0 30s livenessFailed"]);
    life.exit("web-0", 0);
    expect(life.run()).toEqual(["read-message web-0"]);
    life.settle("container/web");
    expect(life.run()).toContain("start web-1");
  });
});

describe("a postStart that fails", () => {
  it("ends the container with its preStop, and the reason is told (H2)", () => {
    const life = new Life(
      pod({ containers: [app("a", { spec: { lifecycle: { postStart: hook, preStop: hook } } }), app("b")] }),
    );
    life.slow.add("postStart a-0");
    life.run();
    life.settle("hook/a", { kind: "done", seen: { kind: "hook", failure: "Exec lifecycle hook failed" } });
    const words = life.run();
    expect(words.filter((word) => word.includes("a-"))).toEqual([
      "preStop a-0",
      "stop a-0 30s postStartFailed",
      "read-message a-0",
      "start a-1",
      "postStart a-1",
    ]);
    expect(words).toContain("start b-0");
  });

  it("shows its reason until the next start (B13)", () => {
    const life = new Life(
      pod({
        restartPolicy: "Never",
        containers: [app("a", { restartPolicy: "Never", spec: { lifecycle: { postStart: hook } } }), app("b")],
      }),
    );
    life.slow.add("run-hook");
    life.run();
    life.settle("hook/a", { kind: "failed", failure: failure("Exec lifecycle hook failed", { code: "HookFailed" }) });
    life.run();
    expect(life.memory.starts.a?.error).toEqual({
      reason: "PostStartHookError",
      message: "Exec lifecycle hook failed",
    });
    expect(life.known.observed.containers.filter(({ name }) => name === "a")).toHaveLength(1);
  });

  it("is given up when the container dies first, and run again by the next agent (H1)", () => {
    const life = new Life(pod({ containers: [app("a", { spec: { lifecycle: { postStart: hook } } })] }));
    life.slow.add("run-hook");
    life.run();
    life.restartAgent({ instances: { "a-0": { postStart: "running" } } });
    expect(life.run()).toEqual(["make-home", "postStart a-0"]);
    life.exit("a-0", 1);
    expect(life.run()[0]).toBe("withdraw hook/a");
  });
});

describe("stops that go wrong", () => {
  it("are tried again after ten seconds, when a look has shown that the container runs on (T6)", () => {
    const life = new Life(pod());
    life.run();
    life.faults.set("stop-container", failure("timeout", { code: "RuntimeTimeout", effect: "unknown" }));
    life.ending = ending({ graceSeconds: 5 });
    const words = life.pass(15_000);
    expect(words).toEqual(["0 stop web-0 5s podEnding", "0 look", "10 stop web-0 2s podEnding", "10 look"]);
    expect(life.plan().finished).toBe(false);
  });

  it("end at once when the container exits by itself meanwhile", () => {
    const life = new Life(pod());
    life.run();
    life.slow.add("stop-container");
    life.ending = ending();
    life.run();
    life.exit("web-0", 0);
    expect(life.run()).toEqual([]);
    life.settle("container/web");
    expect(life.run()[0]).toBe("stop-sandbox box-0");
  });

  it("cut a preStop short when the grace shrinks (T2, H8)", () => {
    const life = new Life(pod({ containers: [app("a", { spec: { lifecycle: { preStop: hook } } })] }));
    life.run();
    life.slow.add("run-hook");
    life.ending = ending({ graceSeconds: 60 });
    life.run();
    life.ending = ending({ graceSeconds: 1 });
    expect(life.run().slice(0, 2)).toEqual(["withdraw hook/a", "stop a-0 2s podEnding"]);
  });

  it("of a sandbox are tried again, and free the name only then (T6)", () => {
    const life = new Life(pod());
    life.run();
    life.faults.set("stop-sandbox", failure("cni"));
    life.ending = ending();
    life.run();
    expect(life.plan()).toMatchObject({ finished: false, holds: [{ subject: "sandbox", reason: "FailedKillPod" }] });
    life.faults.clear();
    life.pass(10_000);
    expect(life.plan().finished).toBe(true);
  });
});

describe("a sandbox that is lost", () => {
  it("brings all back in a new one, init containers first (S3, G7)", () => {
    const life = new Life(pod({ containers: [init("i"), app("a")] }));
    life.run();
    life.exit("i-0", 0);
    life.pass(5000);
    life.exit("a-0", 255);
    life.changeSandbox("box-0", { state: "notReady" });
    expect(life.run()).toEqual([
      "stop-sandbox box-0",
      "read-message a-0",
      "remove i-0",
      "run-sandbox 1",
      "create i#1",
      "start i-1",
    ]);
    life.exit("i-1", 0);
    expect(starts(life.run())).toEqual(["start a-1"]);
    life.exit("a-1", 1);
    expect(life.pass(20_000)).toContain("0 remove-sandbox box-0");
  });

  it("costs no back-off where a start went into it that could not work", () => {
    const life = new Life(pod({ containers: [app("a")] }));
    life.run();
    life.pass(5000);
    life.faults.set("start a-1", failure("the sandbox is not running", { effect: "unknown" }));
    life.slow.add("look");
    life.exit("a-0", 137);
    expect(life.run()).toContain("start a-1");
    life.change("a-1", { state: "exited", exitCode: 128, reason: "StartError" });
    life.changeSandbox("box-0", { state: "notReady" });
    life.settle("pod");
    expect(starts(life.pass(2000))).toEqual(["0 start a-2"]);
    life.exit("a-2", 1);
    expect(starts(life.pass(11_000))).toEqual(["10 start a-3"]);
  });

  it("is no reason to start a pod that is never restarted (S4a, G7)", () => {
    const life = new Life(pod({ restartPolicy: "Never", containers: [app("a", { restartPolicy: "Never" })] }));
    life.run();
    life.exit("a-0", 255);
    life.changeSandbox("box-0", { state: "notReady" });
    expect(life.run()).toEqual(["stop-sandbox box-0", "read-message a-0", "clear-home logs"]);
    expect(life.memory.terminal).toMatchObject({ phase: "Failed" });
  });
});

describe("a definition that changes under one UID (I2, S17, B2)", () => {
  it("replaces the container at once, without its old back-off", () => {
    const life = new Life(pod(), ["web:1", "web:2"]);
    life.run();
    for (const id of ["web-0", "web-1", "web-2"]) {
      life.exit(id, 1);
      life.pass(30_000);
    }
    life.desired = pod({ containers: [app("web", { image: "web:2" })] });
    expect(life.run().filter((word) => !word.startsWith("remove"))).toEqual([
      "stop web-3 30s definitionChanged",
      "find-image web:2",
      "read-message web-3",
      "create web#4 after 10s",
      "start web-4",
    ]);
  });

  it("lets a pull of the old image go", () => {
    const life = new Life(pod(), []);
    life.slow.add("pull-image");
    life.run();
    life.desired = pod({ containers: [app("web", { image: "web:2" })] });
    expect(life.run()).toEqual(["withdraw image/web:1", "find-image web:2", "pull-image web:2"]);
  });
});

describe("RestartAllContainers", () => {
  it("runs a whole round, counting on and without back-off (S24, S25)", () => {
    const rule = { action: "RestartAllContainers", exitCodes: { operator: "In", values: [42] } };
    const a = app("a", { restartPolicy: "Never", restartRules: [rule] });
    const life = new Life(pod({ containers: [init("i"), sidecar("s"), a, app("b")] }));
    life.run();
    life.exit("i-0", 0);
    life.run();
    life.exit("a-0", 42);
    expect(life.pass(1500)).toEqual([
      "0 stop s-0 2s restartAll",
      "0 stop b-0 2s restartAll",
      "0 read-message a-0",
      "0 read-message s-0",
      "0 read-message b-0",
      "1 remove b-0 keep log",
      "1 remove i-0 keep log",
      "1 remove s-0 keep log",
      "1 remove a-0 keep log",
      "1 create i#1",
      "1 start i-1",
    ]);
    life.exit("i-1", 0);
    expect(starts(life.run())).toEqual(["start s-1", "start a-1", "start b-1"]);
  });
});

describe("an agent that takes over", () => {
  it("leaves what runs alone: home, volumes, one look, nothing else (G1)", () => {
    const life = new Life(pod({ containers: [init("i"), sidecar("s"), app("a")] }));
    life.run();
    life.exit("i-0", 0);
    life.run();
    life.restartAgent();
    expect(life.run()).toEqual(["make-home"]);
    expect(life.plan()).toMatchObject({ actions: [], holds: [] });
  });

  it("starts what was made and not started (G1)", () => {
    const life = new Life(pod());
    life.slow.add("start-container");
    life.run();
    life.restartAgent();
    life.slow.clear();
    expect(life.run()).toEqual(["make-home", "start web-0"]);
  });

  it.each([
    ["what is left of its grace", { jumpMs: 0, recorded: true }, "stop web-0 20s podEnding"],
    ["all of it where the clock was set back", { jumpMs: -500_000, recorded: true }, "stop web-0 30s podEnding"],
    ["the least where it was set far ahead", { jumpMs: 500_000, recorded: true }, "stop web-0 2s podEnding"],
    ["all of it where the record does not tell", { jumpMs: 0, recorded: false }, "stop web-0 30s podEnding"],
  ])("goes on with an ending with %s (T2)", (_, { jumpMs, recorded }, stop) => {
    const life = new Life(pod());
    life.run();
    life.slow.add("stop-container");
    life.ending = ending({ graceSeconds: 30 });
    life.run();
    const { byWallMs } = life.memory.instances["web-0"]?.stop ?? {};
    const by = { by: Number.POSITIVE_INFINITY, ...(recorded && byWallMs !== undefined ? { byWallMs } : {}) };
    life.monoMs += 10_000;
    life.gapMs += jumpMs;
    life.restartAgent({ instances: { "web-0": { stop: { cause: "podEnding", ...by } } } });
    expect(life.run().filter((word) => word.startsWith("stop "))).toEqual([stop]);
  });

  it("goes on with a stop that was decided, and with the deadline as it was (D8, T5)", () => {
    const life = new Life(pod({ activeDeadlineSeconds: 100 }));
    life.run();
    life.monoMs += 60_000;
    life.restartAgent({ instances: { "web-0": { stop: { cause: "livenessFailed", by: Number.POSITIVE_INFINITY } } } });
    expect(life.run().slice(0, 2)).toEqual(["make-home", "stop web-0 30s livenessFailed"]);
    expect(life.pass(50_000)).toContain("40 stop-sandbox box-0");
  });
});
