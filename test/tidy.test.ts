import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { collectionsIn, limitsIn } from "../dev/limits/marks.ts";
import { ERROR_CODES } from "../src/base/errors.ts";
import { METRICS } from "../src/pod/metrics.ts";
import { PROBLEM_CODES } from "../src/pod/problem.ts";

const ROOT = resolve(import.meta.dirname, "..");
const SRC = join(ROOT, "src");

/** What each room may import besides itself: the rules of ARCHITECTURE.md. */
const EDGES = [
  "manifest",
  "cri",
  "credential",
  "files",
  "cgroup",
  "logs",
  "handler",
  "host",
  "journal",
  "kube",
  "serve",
];
const MAY_IMPORT: Record<string, readonly string[]> = {
  base: [],
  pod: ["base"],
  decide: ["pod", "base"],
  "ports.ts": ["pod", "base"],
  ...Object.fromEntries(EDGES.map((edge) => [edge, ["ports.ts", "pod", "base"]])),
  agent: ["decide", "ports.ts", "pod", "base"],
  cmd: [...EDGES, "agent", "decide", "ports.ts", "pod", "base"],
};

/** The files through which an outside package may be used. */
const DOORS: Record<string, readonly string[]> = {
  chokidar: ["manifest/watch.ts"],
  "@grpc/grpc-js": ["handler/grpc.ts"],
  "prom-client": ["serve/metrics.ts"],
  pino: ["cmd/"],
  yaml: ["manifest/", "cmd/", "kube/kubeconfig.ts"],
};

/** Node.js modules that only edges and cmd may use; base has the clock. */
const PURE_ROOMS = ["pod", "decide", "agent"];
const BANNED_WORDS: readonly [RegExp, string][] = [
  [/\bDate\.now\b|\bnew Date\b/, "the wall clock"],
  [/\bMath\.random\b|\bcrypto\b/, "chance"],
  [/\bsetTimeout\b|\bsetInterval\b|\bsetImmediate\b|AbortSignal\.timeout/, "a timer"],
  [/\bperformance\.now\b|process\.hrtime/, "the monotonic clock"],
  [/\bfetch\(/, "the network"],
];

type Source = { path: string; room: string; text: string; imports: string[] };

const sources: Source[] = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts") && !path.includes("generated"))
  .sort()
  .map((path) => {
    const text = readFileSync(join(SRC, path), "utf8");
    const imports = [...text.matchAll(/(?:from|import\()\s*"([^"]+)"/g)].map((match) => match[1] ?? "");
    return { path, room: roomOf(path), text, imports };
  });

function roomOf(path: string): string {
  return path.split("/")[0] ?? path;
}

const local = (source: Source): string[] =>
  source.imports
    .filter((name) => name.startsWith("."))
    .map((name) => relative(SRC, resolve(SRC, dirname(source.path), name)));

describe("the rooms of the house", () => {
  it.each(sources)("$path imports downwards only", (source) => {
    const allowed = [source.room, ...(MAY_IMPORT[source.room] ?? [])];
    const wrong = local(source).filter((target) =>
      target.startsWith("..") ? false : !allowed.includes(roomOf(target)),
    );
    expect(wrong).toEqual([]);
  });

  it("every file lives in a known room", () => {
    expect(sources.map((source) => source.room).filter((room) => !(room in MAY_IMPORT))).toEqual([]);
  });

  it("has no import cycles", () => {
    const graph = new Map(sources.map((source) => [source.path, local(source)]));
    const done = new Set<string>();
    const visit = (path: string, trail: string[]): void => {
      if (trail.includes(path)) throw new Error(`cycle: ${[...trail, path].join(" -> ")}`);
      if (done.has(path)) return;
      for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
      done.add(path);
    };
    for (const path of graph.keys()) visit(path, []);
  });

  it.each(sources)("$path uses outside packages only through their doors", (source) => {
    const outside = source.imports.filter((name) => !name.startsWith(".") && !name.startsWith("node:"));
    const wrong = outside.filter((name) => !(DOORS[name] ?? []).some((door) => source.path.startsWith(door)));
    expect(wrong).toEqual([]);
  });

  it.each(sources.filter((source) => PURE_ROOMS.includes(source.room)))(
    "$path is free of time, chance and I/O",
    (source) => {
      const code = source.text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
      expect(BANNED_WORDS.filter(([pattern]) => pattern.test(code)).map(([, what]) => what)).toEqual([]);
      expect(source.imports.filter((name) => name.startsWith("node:"))).toEqual([]);
    },
  );

  it.each(sources)("$path has no default export", (source) => {
    expect(source.text).not.toMatch(/export default/);
  });

  it("files are one job each", () => {
    const long = sources.filter((source) => source.text.split("\n").length > 400 && source.path !== "pod/v1.ts");
    expect(long.map((source) => source.path)).toEqual([]);
  });
});

describe("tables and code", () => {
  const CALLS = { counter: "add", gauge: "set", histogram: "observe" } as const;

  it.each(Object.entries(METRICS))("%s is fed", (name, { kind }) => {
    const call = new RegExp(`\\.${CALLS[kind]}\\(\\s*"${name}"`);
    expect(sources.filter(({ text }) => call.test(text)).map(({ path }) => path)).not.toEqual([]);
  });
});

describe("what grows", () => {
  const limits = limitsIn(SRC);

  it("says how far, where it is declared (@bound)", () => {
    const unbounded = collectionsIn(SRC).filter(({ docs }) => !docs.includes("@bound "));
    expect(unbounded.map(({ file, line, name }) => `${file}:${line} ${name}`)).toEqual([]);
    expect(collectionsIn(SRC).length).toBeGreaterThan(25);
  });

  it("is bounded by a constant that tells what happens at it (@limit), where it names one", () => {
    const named = sources.flatMap(({ path, text }) =>
      [...text.matchAll(/@bound ([A-Z_]+) \*\//g)].map(([, name]) => ({ path, text, name })),
    );
    const lacking = named.filter(({ text, name }) => !new RegExp(`@limit [^/]*\\*/\\nconst ${name} = `).test(text));
    expect(lacking.map(({ path, name }) => `${path} ${name}`)).toEqual([]);
    expect(limits.length).toBeGreaterThan(40);
  });
});

describe("docs and code", () => {
  it.each([
    ["docs/errors.md", Object.keys(ERROR_CODES)],
    ["docs/problems.md", Object.keys(PROBLEM_CODES)],
  ])("%s has an entry for each code", (page, codes) => {
    const entries = [...readFileSync(join(ROOT, page), "utf8").matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]);
    expect(entries.toSorted()).toEqual(codes.toSorted());
  });
});
