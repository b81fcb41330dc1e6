import { describe, expect, it } from "vitest";
import { readJsonTemplate } from "../../src/cmd/berth/json-template.ts";

const pod = {
  metadata: { name: "web", labels: { "app.kubernetes.io/name": "shop", tier: "front" } },
  spec: { containers: [{ name: "a", image: "one" }, { name: "b", image: "two" }, { name: "c" }] },
  status: {
    phase: "Running",
    conditions: [
      { type: "Initialized", status: "True" },
      { type: "Ready", status: "False" },
      { status: "Unknown", age: 40 },
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
    ["{.metadata['labels'][*]}", "shop front"],
    ["{.spec.containers[0].name}", "a"],
    ["{.spec.containers[-1].name}", "c"],
    ["{.spec.containers[-3].name}", "a"],
    ["{.spec.containers[-4].name}{.spec.containers[3].name}", ""],
    ["{.spec.containers[0,2].name}", "a c"],
    ["{.spec.containers[0:3:2].name}", "a c"],
    ["{.spec.containers[:-1].name}", "a b"],
    ["{.spec.containers[0:9].name}", "a b c"],
    ["{.metadata['name', 'labels.tier']}", "web front"],
    ["{['metadata']['labels']['app\\.kubernetes\\.io/name']}", "shop"],
    ["{.metadata.labels['app.kubernetes.io/name','tier']}", "shop front"],
    ["{.spec.containers[1:].name}", "b c"],
    ["{.spec.containers[*].image}", "one two"],
    ["{.spec.containers[0:2]['name', 'image']}", "a b one two"],
    ['{.metadata.name}{"\\u0041"}', "webA"],
    ["{..image}", "one two"],
    ['{.status.conditions[?(@.type=="Ready")].status}', "False"],
    ["{.status.conditions[?(@.type != 'Ready')].type}", "Initialized"],
    ["{.status.conditions[?(@.age>9)].status}", "Unknown"],
    ["{.status.conditions[?(@.age <= 39.5)].status}", ""],
    ["{.status.conditions[?(@.age==40)].status}", "Unknown"],
    ["{.status.conditions[?('Q' < @.type)].type}", "Ready"],
    ["{.spec.containers[?(@.image)].name}", "a b"],
    ["{@.status.phase}{$['status'].phase}", "RunningRunning"],
    ["[{range .spec.containers[0:2]}{.name}, {end}]", "[a, b, ]"],
    ['{range .spec.containers[*]}{.name}{"\\t"}{.image}{"\\n"}{end}', "a\tone\nb\ttwo\nc\t\n"],
    ['name: {.metadata.name}{"}\\n"}', "name: web}\n"],
    ["{.spec.containers[0]}", '{"name":"a","image":"one"}'],
    ["{.constructor}{.__proto__}", ""],
  ])("%s", (template, text) => {
    expect(readJsonTemplate(template)(pod)).toBe(text);
  });

  it.each(["", "{.a", "{.a[}", "{range .a}x", "x{end}", "{.a[?(@.b]}", "{.a..}", "{.a[b]}", "{.a[0:1:0]}", "{.a[0}"])(
    "%s is wrong use",
    (template) => {
      expect(() => readJsonTemplate(template)(pod)).toThrow(expect.objectContaining({ exitCode: 2 }));
    },
  );
});
