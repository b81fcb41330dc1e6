import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { playPage, readPage } from "../../dev/transcripts/page.ts";
import { steady } from "../../dev/transcripts/steady.ts";
import { COMMANDS } from "../../src/cmd/berth/commands.ts";

const pageOf = (name: string): string => readFileSync(join(import.meta.dirname, "../../docs", name), "utf8");

it("every command has a transcript", () => {
  const lines = readPage(pageOf("command-line.md")).flatMap((piece) => {
    if (piece.kind === "console") return piece.commands;
    return piece.kind === "screen" ? piece.keys : [];
  });
  const used = new Set(lines.flatMap((line) => [...line.matchAll(/\bberth ([a-z-]+)/g)].map(([, name]) => name)));
  expect(Object.keys(COMMANDS).filter((name) => !used.has(name))).toEqual([]);
});

it("playing a page replaces what commands print and nothing else, and does its steps in order", async () => {
  const page = [
    "Words.\n",
    "```yaml file=a.yaml\nkind: Pod\n```\n",
    "<!-- until: it is there -->\n",
    "```console\n$ one\nold\n$ two\n```\n",
    "<!-- screen: 80x5 | type three -->\n",
    "```screen\nold\n```\n",
    "```yaml\nkept: true\n```\nEnd.\n",
  ].join("");
  const done: string[] = [];
  const played = await playPage(page, {
    run: async (command) => `did ${command}\n`,
    writeFile: async (name, body) => void done.push(`write ${name} ${body}`),
    step: async (verb, words) => void done.push(`${verb} ${words}`),
    screen: async (columns, rows, keys) => `${columns} ${rows} ${keys}`,
  });
  expect(done).toEqual(["write a.yaml kind: Pod\n", "until it is there"]);
  expect(played).toBe(
    page
      .replace("$ one\nold\n$ two\n", "$ one\ndid one\n$ two\ndid two\n")
      .replace("screen\nold\n", "screen\n80 5 type three\n"),
  );
});

it("what differs from run to run is made equal", () => {
  const id = (digit: string): string => digit.repeat(64);
  const lines = [
    `/private/x/manifests ${id("a")} ${id("b")} ${id("a")}`,
    "web   1/1   Running   0   37s",
    "10.213.4.17 at 2026-11-21T07:01:02.345Z",
  ].join("\n");
  expect(steady(lines, [["/private/x", "/etc"]])).toBe(
    [
      `/etc/manifests ${id("1")} ${id("2")} ${id("1")}`,
      "web   1/1   Running   0   12s",
      "10.85.0.7   at 2026-01-02T03:04:05.000Z",
    ].join("\n"),
  );
});
