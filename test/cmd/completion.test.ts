import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cmd/berth/commands.ts";
import { bashScript, fishScript, zshScript } from "../../src/cmd/berth/completion-scripts.ts";

/** What bash offers for a command line whose last word is being written; pods are `web` and `db`. */
function offered(...words: string[]): string[] {
  const line = words.map((word) => `'${word}'`).join(" ");
  const program = `berth() { printf 'pod/web\\npod/db\\n'; }
${bashScript(COMMANDS)}
COMP_WORDS=(berth ${line}); COMP_CWORD=${words.length}; _berth; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync("bash", ["-c", program], { encoding: "utf8" }).split("\n").filter(Boolean);
}

describe("completion for bash", () => {
  it("offers every command", () => {
    expect(offered("")).toEqual(Object.keys(COMMANDS));
  });

  it.each([
    [["de"], ["describe", "delete"]],
    [
      ["get", "p"],
      ["pods", "problems"],
    ],
    [
      ["get", "pods", ""],
      ["pods", "problems", "events", "configmaps", "secrets", "node", "web", "db"],
    ],
    [
      ["logs", ""],
      ["web", "db"],
    ],
    [["describe", "pod", "w"], ["web"]],
    [
      ["logs", "web", "--t"],
      ["--tail", "--timestamps"],
    ],
    [["nonsense", ""], []],
  ])("offers for %j: %j", (words, expected) => {
    expect(offered(...words)).toEqual(expected);
  });
});

describe.each([
  ["zsh", zshScript],
  ["fish", fishScript],
])("completion for %s", (_, script) => {
  it("knows every command and flag", () => {
    const text = script(COMMANDS);
    for (const [name, { flags }] of Object.entries(COMMANDS)) {
      expect(text).toContain(name);
      for (const flag of flags) expect(text).toMatch(new RegExp(`-(?:-|l )${flag}\\b`));
    }
  });
});
