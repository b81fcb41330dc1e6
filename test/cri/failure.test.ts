import { describe, expect, it } from "vitest";
import { CALLS, deadlineMs, describeRequest, type Rpc } from "../../src/cri/calls.ts";
import { failureOf, givenUp } from "../../src/cri/failure.ts";
import { METHODS } from "../../src/cri/generated/tables.ts";
import { NEVER_SENT } from "../../src/cri/grpc/status.ts";

const ID = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

function end(rpc: Rpc, status: number, details = "x"): { rpc: Rpc; subject: string; status: number; details: string } {
  return { rpc, subject: "pod a/b", status, details };
}

describe("a call that failed", () => {
  it.each([
    [1, "RuntimeUnavailable", "unknown"],
    [2, "RuntimeRefused", "unknown"],
    [3, "RuntimeRefused", "none"],
    [4, "RuntimeTimeout", "unknown"],
    [5, "RuntimeNotFound", "none"],
    [6, "RuntimeNameReserved", "unknown"],
    [7, "RuntimeRefused", "none"],
    [8, "RuntimeExhausted", "unknown"],
    [9, "RuntimeRefused", "none"],
    [10, "RuntimeRefused", "unknown"],
    [12, "RuntimeUnsupported", "none"],
    [13, "RuntimeRefused", "unknown"],
    [14, "RuntimeUnavailable", "unknown"],
  ])("with status %i is %s with effect %s", (status, code, effect) => {
    expect(failureOf(end("CreateContainer", status))).toMatchObject({ code, effect, status });
  });

  it("before it was sent had no effect", () => {
    expect(failureOf(end("RunPodSandbox", 14, `${NEVER_SENT}: connect ENOENT`)).effect).toBe("none");
  });

  it("by a containerd that still loads finds it unavailable and had no effect", () => {
    const failure = failureOf(end("RunPodSandbox", 2, "server is not initialized yet"));
    expect(failure).toMatchObject({ code: "RuntimeUnavailable", effect: "none" });
  });

  it("never has an effect when it only reads", () => {
    for (const status of [1, 2, 4, 8, 14]) expect(failureOf(end("ListContainers", status)).effect).toBe("none");
    expect(givenUp("ContainerStatus", "", "unknown").effect).toBe("none");
  });

  it("names the holder of a reserved name", () => {
    const details = `failed to reserve container name "app_web_default_u_0": name "app_web_default_u_0" is reserved for "${ID}"`;
    for (const status of [2, 6, 9]) {
      const failure = failureOf(end("CreateContainer", status, details));
      expect(failure).toMatchObject({ code: "RuntimeNameReserved", effect: "unknown", holder: ID });
    }
    expect(failureOf(end("CreateContainer", 6, "exists")).holder).toBeUndefined();
  });

  it.each([
    ["RegistryUnavailable: no route", "RegistryUnavailable"],
    ["SignatureValidationFailed: bad key", "SignatureValidationFailed"],
    ["manifest unknown", "ImagePullFailed"],
  ])("while pulling with %s is %s", (details, code) => {
    expect(failureOf(end("PullImage", 2, details)).code).toBe(code);
    expect(failureOf(end("PullImage", 5, details)).code).toBe(code);
  });

  it("keeps what the runtime could only say in words", () => {
    const failure = failureOf(end("CreateContainer", 2, "RROUnsupported: kernel too old"));
    expect(failure).toMatchObject({ code: "RuntimeRefused", spoken: "RROUnsupported" });
  });

  it("says what was being done to what", () => {
    expect(failureOf(end("RunPodSandbox", 2, "no bridge")).message).toBe("RunPodSandbox of pod a/b: no bridge");
  });
});

describe("the table of calls", () => {
  it("knows every call", () => {
    expect(Object.keys(CALLS)).toEqual(Object.keys(METHODS));
  });

  it.each([
    ["Version", {}, 120_000],
    ["RunPodSandbox", {}, 240_000],
    ["StopContainer", { timeout: 30n }, 150_000],
    ["StopContainer", { timeout: 0n }, 120_000],
    ["ExecSync", { timeout: 5n }, 125_000],
    ["ExecSync", { timeout: 0n }, undefined],
    ["ExecSync", {}, undefined],
    ["CheckpointContainer", { timeout: 600n }, 600_000],
    ["CheckpointContainer", { timeout: 1n }, 120_000],
    ["PullImage", {}, undefined],
    ["GetContainerEvents", {}, undefined],
    ["ListContainers", {}, 120_000],
  ] as const)("gives %s %o %s ms", (rpc, request, limitMs) => {
    expect(deadlineMs(rpc, request, 120_000)).toBe(limitMs);
  });

  it.each([
    [{ container_id: "c1", cmd: ["cat", "/secret"] }, "container c1"],
    [{ pod_sandbox_id: "s1" }, "sandbox s1"],
    [{ config: { metadata: { name: "web", namespace: "default" } } }, "pod default/web"],
    [
      {
        pod_sandbox_id: "s1",
        config: { metadata: { name: "app" } },
        sandbox_config: { metadata: { name: "web", namespace: "ns" } },
      },
      "container app of pod ns/web",
    ],
    [{ image: { image: "busybox" }, auth: { password: "hidden" }, sandbox_config: {} }, "image busybox"],
    [{}, ""],
  ])("describes %o as %s", (request, words) => {
    expect(describeRequest(request)).toBe(words);
  });
});
