import { describe, expect, it } from "vitest";
import { readJsonTemplate } from "../../src/cmd/berth/json-path.ts";

const pod = {
  metadata: { name: "web", labels: { "app.kubernetes.io/name": "shop", tier: "front" } },
  spec: { containers: [{ name: "a", image: "one" }, { name: "b", image: "two" }, { name: "c" }] },
  status: {
    phase: "Running",
    conditions: [
      { type: "Initialized", status: "True" },
      { type: "Ready", status: "False" },
    ],
    restarts: 3,
    ready: false,
  },
};

describe("kubectl's templates", () => {
  it.each([
    ["{.status.phase}", "Running"],
    [".status.phase", "Running"],
    ["{$.status.phase}", "Running"],
    ["{.status.restarts} {.status.ready}", "3 false"],
    ["{.status.nothing.there}", ""],
    ["{.metadata.labels.app\\.kubernetes\\.io/name}", "shop"],
    ["{.metadata.labels['app.kubernetes.io/name']}", "shop"],
    ["{.metadata.labels.*}", "shop front"],
    ["{.spec.containers[0].name}", "a"],
    ["{.spec.containers[-1].name}", "c"],
    ["{.spec.containers[1:].name}", "b c"],
    ["{.spec.containers[*].image}", "one two"],
    ["{..image}", "one two"],
    ['{.status.conditions[?(@.type=="Ready")].status}', "False"],
    ["{.status.conditions[?(@.type != 'Ready')].type}", "Initialized"],
    ["{.spec.containers[?(@.image)].name}", "a b"],
    ['{range .spec.containers[*]}{.name}{"\\t"}{.image}{"\\n"}{end}', "a\tone\nb\ttwo\nc\t\n"],
    ['name: {.metadata.name}{"}\\n"}', "name: web}\n"],
    ["{.spec.containers[0]}", '{"name":"a","image":"one"}'],
    ["{.constructor}{.__proto__}", ""],
  ])("%s", (template, text) => {
    expect(readJsonTemplate(template)(pod)).toBe(text);
  });

  it.each(["{.a", "{.a[}", "{range .a}x", "x{end}", "{.a[?(@.b]}"])("%s is wrong use", (template) => {
    expect(() => readJsonTemplate(template)(pod)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});
