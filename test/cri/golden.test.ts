import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { makeCodec } from "../../src/base/protobuf.ts";
import { containerConfig } from "../../src/cri/container-config.ts";
import { MESSAGES } from "../../src/cri/generated/tables.ts";
import { sandboxConfig } from "../../src/cri/sandbox-config.ts";
import type { Surroundings } from "../../src/cri/surroundings.ts";
import type { NodeFacts, NodeSettings } from "../../src/pod/node.ts";
import type { UserRange } from "../../src/pod/user-range.ts";
import type { ContainerRequest, RuntimeCapabilities } from "../../src/ports.ts";
import { CAPABILITIES, FACTS, type PodText, podOf, SETTINGS } from "./pod-of.ts";

/**
 * One translation: a pod, and what the runtime is asked for. Expected values are those of golden/plain.yaml with the changes
 * that the file lists, `~` taking a field away; zeros and empty lists are not written, as on the wire.
 */
type Golden = {
  readonly rules: string;
  readonly pod: PodText;
  readonly node?: {
    readonly settings?: Partial<NodeSettings>;
    readonly facts?: Partial<NodeFacts>;
    readonly capabilities?: Partial<RuntimeCapabilities>;
    readonly users?: UserRange;
  };
  readonly request?: Partial<ContainerRequest> & { readonly sandboxAttempt?: number };
  readonly sandbox?: Tree;
  readonly containers?: Readonly<Record<string, Tree | undefined>>;
  /** In place of the requests: what is wrong. */
  readonly error?: string;
};
type Tree = { readonly [name: string]: unknown };

const FOLDER = join(import.meta.dirname, "golden");
const read = (file: string): Golden => parse(readFileSync(join(FOLDER, file), "utf8"), { merge: true }) as Golden;
const plain = read("plain.yaml");
const goldens = readdirSync(FOLDER)
  .sort()
  .map((file): [string, Golden] => [file.replace(".yaml", ""), read(file)]);

/** Each row of cri-mapping.md that becomes part of a request, by its section, with the goldens that show it. */
const rows = parse(readFileSync(join(import.meta.dirname, "mapping-rows.yaml"), "utf8")) as Readonly<
  Record<string, Readonly<Record<string, string | readonly string[]>>>
>;
const shown = Object.entries(rows).flatMap(([section, of]) =>
  Object.entries(of).map(([row, names]): [string, string, readonly string[]] => [section, row, [names].flat()]),
);

const codec = makeCodec(MESSAGES);
const MAPS = ["labels", "annotations", "sysctls", "unified"];

/** What stands on the wire: through the codec and back, without what is zero. */
const onTheWire = (name: string, message: object): unknown => tidy(codec.decode(name, codec.encode(name, message)));

function tidy(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(tidy);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]) => [name, tidy(inner)] as const);
  return Object.fromEntries(entries.filter(([name, inner]) => !isNothing(name, inner)));
}

const isNothing = (name: string, value: unknown): boolean =>
  value === undefined ||
  value === "" ||
  value === 0 ||
  value === false ||
  (Array.isArray(value) && value.length === 0) ||
  (MAPS.includes(name) && Object.keys(value as object).length === 0);

const isTree = (value: unknown): value is Tree => typeof value === "object" && value !== null && !Array.isArray(value);

/** Lists are replaced, trees are changed inside, null takes away. */
function changed(base: Tree, changes: Tree = {}): Tree {
  const result: Record<string, unknown> = { ...base };
  for (const [name, change] of Object.entries(changes)) {
    const old = result[name];
    if (change === null) delete result[name];
    else result[name] = isTree(change) ? changed(isTree(old) ? old : {}, change) : change;
  }
  return result;
}

function surroundingsOf({ node = {} }: Golden): Surroundings {
  return {
    settings: { ...SETTINGS, ...node.settings },
    facts: { ...FACTS, ...node.facts },
    capabilities: { ...CAPABILITIES, ...node.capabilities },
    ...(node.users === undefined ? {} : { users: node.users }),
  };
}

function requests(golden: Golden) {
  const pod = podOf(golden.pod);
  const surroundings = surroundingsOf(golden);
  const { sandboxAttempt = 0, ...request } = golden.request ?? {};
  const common = {
    pod,
    attempt: 0,
    sandbox: { id: "s", attempt: sandboxAttempt, state: "ready" as const, createdWallMs: 0 },
    image: { id: "sha256:1111" },
    backOffMs: 0,
    environment: [],
    mounts: [],
    ...request,
  };
  const containers = pod.containers.map((container) => {
    const { targetId, ...rest } = common;
    const own = container.role === "ephemeral" && targetId !== undefined ? { targetId } : {};
    const config = containerConfig({ ...rest, ...own, container }, surroundings);
    return [container.name, onTheWire("ContainerConfig", config)] as const;
  });
  return {
    sandbox: onTheWire("PodSandboxConfig", sandboxConfig(pod, sandboxAttempt, surroundings)),
    containers: Object.fromEntries(containers),
  };
}

describe("a pod as the runtime is asked for it", () => {
  it.each(goldens.filter(([, { error }]) => error === undefined))("%s", (name, golden) => {
    const first = name === "plain" ? undefined : plain;
    const told = golden.containers ?? { app: {} };
    const containers = Object.entries(told).map(([container, changes]) => [
      container,
      changed(first?.containers?.app ?? {}, changes ?? {}),
    ]);
    expect(requests(golden)).toEqual({
      sandbox: changed(first?.sandbox ?? {}, golden.sandbox),
      containers: Object.fromEntries(containers),
    });
  });

  it.each(goldens.filter(([, { error }]) => error !== undefined))("%s is refused", (_name, golden) => {
    expect(() => requests(golden)).toThrow(
      expect.objectContaining({
        code: "ContainerConfigInvalid",
        message: expect.stringContaining(golden.error ?? "?"),
      }),
    );
  });

  it.each(shown)("%s %s: %j name the section", (section, _row, names) => {
    const naming = new RegExp(String.raw`(?<![\d.])${section.replace(".", String.raw`\.`)}\b`);
    const texts = names.map((name) => readFileSync(join(FOLDER, `${name}.yaml`), "utf8"));
    expect(texts.filter((text) => !naming.test(text))).toEqual([]);
  });

  it("every golden shows a row, and there are at least 60", () => {
    const named = new Set(shown.flatMap(([, , names]) => names));
    expect(goldens.map(([name]) => name).filter((name) => !named.has(name))).toEqual([]);
    expect(goldens.length).toBeGreaterThanOrEqual(60);
  });

  it("gives the same sandbox config each time", () => {
    const [pod, surroundings] = [podOf(plain.pod), surroundingsOf(plain)];
    expect(sandboxConfig(pod, 1, surroundings)).toEqual(sandboxConfig(pod, 1, surroundings));
  });
});
