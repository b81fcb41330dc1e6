import { describe, expect, it } from "vitest";
import { intake } from "../../src/decide/intake.ts";
import type { Problem } from "../../src/pod/problem.ts";
import type { DirectorySighting, FileSighting, IntakeState, SeenDocument } from "../../src/pod/source.ts";
import { aPod } from "../kit/pods.ts";

const empty: IntakeState = { accepted: [], problems: [], configs: new Map() };

/** `web@2` is the pod web with content 2; a trailing `!` is a warning. */
function seenPod(text: string, path: string, document: number): SeenDocument {
  const [name = "", content = ""] = text.replace("!", "").split("@");
  const origin = { kind: "file", path, document, line: 1 + document * 10 } as const;
  const pod = aPod({ uid: `${name}-${content}-${path}`, name: `${name}-node`, manifestName: name, origin });
  return { kind: "pod", pod, manifest: { metadata: { name } }, warned: text.endsWith("!") };
}

function seen(text: string, path: string, document: number): SeenDocument {
  if (text === "broken") return { kind: "broken" };
  if (text.startsWith("broken ")) return { kind: "broken", pod: `default/${text.slice(7)}-node` };
  if (text.startsWith("config ")) {
    const [key, version = ""] = text.slice(7).split("@");
    return { kind: "config", key: `ConfigMap/default/${key}`, version, warned: false };
  }
  return seenPod(text, path, document);
}

const problemOf = (file: string): Problem => ({
  code: "ValueInvalid",
  severity: "error",
  file,
  message: "wrong",
  advice: "mend it",
});

type Change = Partial<Omit<FileSighting, "path">>;
function file(path: string, documents: string[], change: Change = {}): FileSighting {
  const isBroken = documents.some((text) => text.startsWith("broken"));
  return {
    path,
    reading: "whole",
    settled: true,
    documents: documents.map((text, document) => seen(text, path, document)),
    problems: isBroken ? [problemOf(path)] : [],
    ...change,
  };
}

const look = (files: FileSighting[], change: Partial<DirectorySighting> = {}): DirectorySighting => ({
  listing: { kind: "whole", device: "dev-1" },
  files: files.toSorted((one, other) => (one.path < other.path ? -1 : 1)),
  ignored: [],
  ...change,
});

/** What runs after these looks, as `name@content in path`. */
function running(...looks: DirectorySighting[]): { runs: string[]; problems: string[]; state: IntakeState } {
  const state = looks.reduce<IntakeState>((before, sighting) => intake(before, sighting), empty);
  const runs = state.accepted.map(({ pod }) => {
    const [name, content, path] = pod.uid.split("-");
    return `${name}@${content} in ${path}`;
  });
  return { runs: runs.toSorted(), problems: state.problems.map(({ code, file: at }) => `${code} ${at}`), state };
}

const web1 = look([file("a", ["web@1"])]);

describe("keep last good (D1)", () => {
  it.each<[string, DirectorySighting, string[]]>([
    ["a file that no longer parses", look([file("a", ["broken"], { reading: "broken" })]), ["web@1 in a"]],
    ["a document that no longer compiles", look([file("a", ["broken web"])]), ["web@1 in a"]],
    ["a broken document whose name cannot be told", look([file("a", ["broken"])]), ["web@1 in a"]],
    [
      "a file that cannot be read",
      look([file("a", [], { reading: "unread", problems: [problemOf("a")] })]),
      ["web@1 in a"],
    ],
    ["a file that is being emptied", look([file("a", [], { settled: false })]), ["web@1 in a"]],
    ["a change that has not stood still", look([file("a", ["web@2"], { settled: false })]), ["web@1 in a"]],
    [
      "a directory that cannot be listed",
      look([], { listing: { kind: "failed", problem: problemOf("dir") } }),
      ["web@1 in a"],
    ],
    [
      "another, empty file system in its place",
      look([], { listing: { kind: "whole", device: "dev-2" } }),
      ["web@1 in a"],
    ],
    ["no directory at all, as the host is told", look([], { listing: { kind: "none" } }), []],
    ["a file that is gone", look([]), []],
    ["a file read whole without the document", look([file("a", [])]), []],
    ["a file whose broken document is another pod", look([file("a", ["broken db"])]), []],
    ["a settled change", look([file("a", ["web@2"])]), ["web@2 in a"]],
    ["a renamed file", look([file("b", ["web@1"])]), ["web@1 in b"]],
    [
      "a new file counts at once",
      look([file("a", ["web@1"]), file("b", ["db@1"], { settled: false })]),
      ["db@1 in b", "web@1 in a"],
    ],
  ])("%s", (_, second, expected) => {
    expect(running(web1, second).runs).toEqual(expected);
  });

  it("takes what was mended", () => {
    const broken = look([file("a", ["broken web"])]);
    expect(running(web1, broken, look([file("a", ["web@2"])])).runs).toEqual(["web@2 in a"]);
  });

  it("shows the problem until it is mended", () => {
    const broken = look([file("a", ["broken web"])]);
    expect(running(web1, broken).problems).toEqual(["ValueInvalid a"]);
    expect(running(web1, broken, web1).problems).toEqual([]);
  });

  it("shows no problem of a file that still moves", () => {
    const moving = look([file("a", ["broken"], { settled: false })]);
    expect(running(web1, moving).problems).toEqual([]);
  });

  it("shows that a directory cannot be listed beside what was wrong before", () => {
    const problem: Problem = { ...problemOf("dir"), code: "SourceUnreadable" };
    const failed = look([], { listing: { kind: "failed", problem } });
    const broken = look([file("a", ["broken web"])]);
    expect(running(web1, broken, failed, failed).problems).toEqual(["SourceUnreadable dir", "ValueInvalid a"]);
    expect(running(web1, broken, failed, web1).problems).toEqual([]);
  });

  it("takes another device for the same directory once all files are there", () => {
    const device = { listing: { kind: "whole", device: "dev-2" } } as const;
    const gone = look([], device);
    expect(running(web1, gone).problems).toEqual(
      ["SourceUnreadable /"].map(() => expect.stringContaining("SourceUnreadable")),
    );
    expect(running(web1, gone, look([file("a", ["web@1"])], device), gone).runs).toEqual([]);
  });

  it("takes any device after a time without a directory", () => {
    const none = look([], { listing: { kind: "none" } });
    const other = look([file("a", ["web@1"])], { listing: { kind: "whole", device: "dev-2" } });
    expect(running(web1, none).state).toMatchObject({ accepted: [], problems: [] });
    expect(running(web1, none).state.device).toBeUndefined();
    expect(running(web1, none, other)).toMatchObject({ runs: ["web@1 in a"], problems: [] });
  });

  it("adopts what an earlier agent accepted though the file is broken now", () => {
    const { state } = running(web1);
    const fresh: IntakeState = { ...empty, accepted: state.accepted };
    expect(intake(fresh, look([file("a", ["broken"])])).accepted).toEqual(state.accepted);
    expect(intake(fresh, look([])).accepted).toEqual([]);
  });
});

describe("names (D5)", () => {
  it.each<[string, DirectorySighting[], string[], string[]]>([
    [
      "path order decides at first",
      [look([file("b", ["web@1"]), file("a", ["web@2"])])],
      ["web@2 in a"],
      ["NameTaken b"],
    ],
    [
      "no warning goes before a warning",
      [look([file("a", ["web@1!"]), file("b", ["web@2"])])],
      ["web@2 in b"],
      ["NameTaken a"],
    ],
    [
      "who was accepted before keeps it",
      [look([file("b", ["web@1!"])]), look([file("a", ["web@2"]), file("b", ["web@1!"])])],
      ["web@1 in b"],
      ["NameTaken a"],
    ],
    [
      "a broken holder keeps it",
      [look([file("b", ["web@1"])]), look([file("a", ["web@2"]), file("b", ["broken"])])],
      ["web@1 in b"],
      ["ValueInvalid b", "NameTaken a"],
    ],
    [
      "the other takes over when the holder goes",
      [look([file("a", ["web@1"]), file("b", ["web@2"])]), look([file("b", ["web@2"])])],
      ["web@2 in b"],
      [],
    ],
    ["the second of one file waits", [look([file("a", ["web@1", "web@2"])])], ["web@1 in a"], ["NameTaken a"]],
    ["and takes over", [look([file("a", ["web@1", "web@2"])]), look([file("a", ["web@2"])])], ["web@2 in a"], []],
  ])("%s", (_, looks, runs, problems) => {
    expect(running(...looks)).toMatchObject({ runs, problems });
  });

  it("names the holder's place", () => {
    const { state } = running(look([file("a", ["db@1", "web@1"]), file("b", ["web@2"])]));
    expect(state.problems[0]).toMatchObject({
      file: "b",
      line: 1,
      column: 1,
      message: "the pod default/web is already defined in a:11",
    });
  });
});

describe("UIDs that manifests give", () => {
  /** The pod of a text with this UID. */
  const fixed = (path: string, text: string, uid: string): FileSighting => {
    const sighting = file(path, [text]);
    const documents = sighting.documents.map((one) => {
      return one.kind === "pod" ? { ...one, pod: { ...one.pod, uid }, manifest: { metadata: { uid } } } : one;
    });
    return { ...sighting, documents };
  };
  const told = (...looks: DirectorySighting[]) => {
    const { state } = running(...looks);
    const accepted = state.accepted.map(({ pod }) => `${pod.manifestName} ${pod.uid}`);
    return { accepted, problems: state.problems.map(({ code, file: at, path }) => `${code} ${at} ${path}`) };
  };
  const both = look([fixed("a", "db@1", "u-1-a"), fixed("b", "web@1", "u-1-a")]);

  it("belong to the first, and the other is a problem", () => {
    expect(told(both)).toEqual({ accepted: ["db u-1-a"], problems: ["UidTaken b metadata.uid"] });
  });

  it("stay with the pod that had them", () => {
    const second = look([fixed("b", "web@1", "u-1-a")]);
    expect(told(second, both)).toEqual({ accepted: ["web u-1-a"], problems: ["UidTaken a metadata.uid"] });
  });

  it("are free when that one goes", () => {
    expect(told(both, look([fixed("b", "web@1", "u-1-a")]))).toEqual({ accepted: ["web u-1-a"], problems: [] });
  });

  it("of another do not end a pod that comes to want them (D1)", () => {
    const before = look([fixed("a", "db@1", "u-2-a"), fixed("b", "web@1", "u-1-a")]);
    const { accepted, problems } = told(before, both, both);
    expect(accepted.toSorted()).toEqual(["db u-2-a", "web u-1-a"]);
    expect(problems).toEqual(["UidTaken a metadata.uid"]);
  });
});

describe("what does not change", () => {
  it("stays the same object", () => {
    const { state } = running(web1);
    const again = intake(state, look([file("a", ["web@1"])]));
    expect(again.accepted).toBe(state.accepted);
  });

  it("keeps the moment at which it was first seen", () => {
    const { state } = running(web1);
    const later = look([file("a", ["web@1"])]);
    const [document] = later.files[0]?.documents ?? [];
    const touched = document?.kind === "pod" ? { ...document, pod: { ...document.pod, seenWallMs: 9e12 } } : undefined;
    const files = [{ ...file("a", []), documents: touched === undefined ? [] : [touched] }];
    expect(intake(state, look(files)).accepted).toBe(state.accepted);
  });
});

describe("documents beside the pods", () => {
  const config = (version: string) => look([file("c", [`config site@${version}`])]);
  const versions = (...looks: DirectorySighting[]) =>
    [...running(...looks).state.configs].map(([key, { version }]) => `${key} ${version}`);

  it("follow the same rules", () => {
    expect(versions(config("1"), config("2"))).toEqual(["ConfigMap/default/site 2"]);
    expect(versions(config("1"), look([file("c", ["broken"])]))).toEqual(["ConfigMap/default/site 1"]);
    expect(versions(config("1"), look([]))).toEqual([]);
    const two = look([file("c", ["config site@1"]), file("d", ["config site@2"])]);
    expect(running(two).problems).toEqual(["NameTaken d"]);
  });
});

describe("immutable documents", () => {
  const sealed = (version: string, change: Change = {}): FileSighting => ({
    ...file("a", [`config c@${version}`], change),
    documents: [{ kind: "config", key: "ConfigMap/default/c", version, warned: false, immutable: true }],
  });
  const held = (state: IntakeState): unknown => state.configs.get("ConfigMap/default/c")?.version;

  it("keep their data, and the change is a problem", () => {
    const { state, problems } = running(look([sealed("1")]), look([sealed("2")]));
    expect([held(state), problems]).toEqual(["1", ["DocumentImmutable a"]]);
  });

  it("are mended by the data that they had", () => {
    const { state, problems } = running(look([sealed("1")]), look([sealed("2")]), look([sealed("1")]));
    expect([held(state), problems]).toEqual(["1", []]);
  });

  it("may come back with other data once they were gone", () => {
    const { state, problems } = running(look([sealed("1")]), look([file("a", [])]), look([sealed("2")]));
    expect([held(state), problems]).toEqual(["2", []]);
  });
});
