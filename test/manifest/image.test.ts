import { describe, expect, it } from "vitest";
import { defaultPullPolicy, imageForRuntime } from "../../src/manifest/image.ts";
import { desiredPod, plainPod } from "../kit/compiled-pod.ts";
import { startCpuTime } from "../kit/cpu-time.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

describe("image names", () => {
  it.each([
    ["nginx", "Always", "nginx:latest"],
    ["host:5000/app", "Always", "host:5000/app:latest"],
    ["nginx:latest", "Always", "nginx:latest"],
    [`nginx:latest@${DIGEST}`, "Always", `nginx:latest@${DIGEST}`],
    ["nginx:1.19", "IfNotPresent", "nginx:1.19"],
    [`nginx@${DIGEST}`, "IfNotPresent", `nginx@${DIGEST}`],
    ["registry.example.com/chrome_debug", "Always", "registry.example.com/chrome_debug:latest"],
    ["localhost/a/b-c__d.e:v1", "IfNotPresent", "localhost/a/b-c__d.e:v1"],
    ["[::1]:5000/a:v1", "IfNotPresent", "[::1]:5000/a:v1"],
  ])("%s: %s, sent as %s", (image, policy, imageRef) => {
    expect(defaultPullPolicy(image)).toBe(policy);
    expect(imageForRuntime(image)).toEqual({ imageRef });
  });

  it.each([
    ["Nginx", "invalid reference format: repository name (Nginx) must be lowercase"],
    ["docker.io/Library/nginx", "invalid reference format: repository name (Library/nginx) must be lowercase"],
    ["a//b", "invalid reference format"],
    ["nginx:", "invalid reference format"],
    ["nginx:a b", "invalid reference format"],
    ["nginx@sha256:abc", "invalid reference format"],
    [`nginx@sha256:${"a".repeat(63)}`, "invalid reference format"],
    ["-nginx", "invalid reference format"],
    ["a".repeat(64), "cannot specify 64-byte hexadecimal strings"],
    ["", "invalid reference format"],
    [`${"a/".repeat(2000)}a`, "invalid reference format"],
  ])("%s does not parse", (image, reason) => {
    expect(imageForRuntime(image)).toEqual({
      imageProblem: `couldn't parse image name ${JSON.stringify(image)}: ${reason}`,
    });
    expect(defaultPullPolicy(image)).toBe("IfNotPresent");
  });

  it("that do not parse are told of in tests of the agent as here", () => {
    const { containers } = desiredPod(plainPod("web", { containers: [{ name: "a", image: "-web:1" }] }));
    expect(containers[0]).toMatchObject(imageForRuntime("-web:1"));
  });

  it("never takes long", () => {
    const cpuMs = startCpuTime();
    for (const part of ["a", "a-", "a.", "a_", "A", ":", "@", "/"]) imageForRuntime(part.repeat(1_000));
    expect(cpuMs()).toBeLessThan(200);
  });
});
