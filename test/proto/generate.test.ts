import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { generate, parse } from "../../proto/generate.ts";
import { MESSAGES, METHODS } from "../../src/cri/generated/tables.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const cri = parse("proto/runtime/v1/api.proto", "runtime.v1");

describe("proto/runtime/v1/api.proto", () => {
  it("holds the whole of CRI v1", () => {
    const counts = {
      services: cri.services.map((service) => service.name),
      calls: cri.services.flatMap((service) => service.methodsArray).length,
      messages: cri.messages.length,
      fields: cri.messages.flatMap((message) => message.fieldsArray).length,
      enums: cri.enums.length,
    };
    expect(counts).toEqual({
      services: ["RuntimeService", "ImageService"],
      calls: 41,
      messages: 170,
      fields: 463,
      enums: 11,
    });
  });

  it.each([
    ["fields whose numbers are not in a row", "ImageSpec", "user_specified_image=18:string"],
    ["capital letters in a name", "ContainerConfig", "CDI_devices=17:CDIDevice[]"],
    ["a wrapper that may be absent", "LinuxContainerSecurityContext", "run_as_user=5:Int64Value"],
    ["a list of numbers", "LinuxContainerUser", "supplemental_groups=3:int64[]"],
    ["a message that begins with its second number", "Namespace", "options=2:NamespaceOption"],
  ] as const)("keeps %s", (_, message, field) => {
    expect(MESSAGES[message].split(" ")).toContain(field);
  });

  it("has streams only where CRI has them", () => {
    const streams = cri.services.flatMap((one) => one.methodsArray).filter((method) => method.responseStream);
    expect(streams.map((method) => method.name).sort()).toEqual([
      "GetContainerEvents",
      "StreamContainerStats",
      "StreamContainers",
      "StreamImages",
      "StreamPodSandboxMetrics",
      "StreamPodSandboxStats",
      "StreamPodSandboxes",
    ]);
    expect(METHODS.GetContainerEvents.request).toBe("GetEventsRequest");
  });

  it("marks what must never be logged", () => {
    const marked = cri.messages.flatMap((message) =>
      message.fieldsArray.filter((field) => field.options?.debug_redact === true).map((field) => field.name),
    );
    expect(marked).toEqual(["password", "auth", "identity_token", "registry_token"]);
  });
});

it.each([...generate()])("%s is what proto/generate.ts writes", (path, text) => {
  expect(readFileSync(join(ROOT, path), "utf8")).toBe(text);
});
