import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BASH_SCRIPT, FISH_SCRIPT, ZSH_SCRIPT } from "../../src/cmd/berth/completion-scripts.ts";
import { runBerth } from "../../src/cmd/berth/run.ts";
import { type House, makePod, makeTerminal, openHouse } from "../serve/house.ts";

let house: House;
beforeEach(async () => {
  house = await openHouse();
  house.put(makePod("web", { containers: ["main", "side"] }));
  house.put(makePod("db"));
  house.put(makePod("far", { namespace: "other" }));
  const site = {
    name: "site",
    namespace: "default",
    type: "",
    sizes: {},
    immutable: false,
    seenWallMs: 0,
    path: "/m/a.yaml",
  };
  house.state.documents = [{ ...site, kind: "ConfigMap" }];
});
afterEach(() => house.close());

/** What berth answers to a script, without what the words are for. */
async function offered(...words: string[]): Promise<string[]> {
  const seen = makeTerminal(house.socket);
  expect(await runBerth(["__complete", ...words], seen.terminal)).toBe(0);
  expect(seen.err()).toBe("");
  return seen
    .out()
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split("\t")[0] ?? "");
}

describe("what may stand there", () => {
  it.each<[string, string[]]>([
    ["de", ["describe", "delete"]],
    ["get p", ["pods", "problems"]],
    ["get pods ", ["db-node1", "web-node1"]],
    ["get pods web-node1 ", ["db-node1"]],
    ["get pods -n other ", ["far-node1"]],
    ["get -n ", ["default", "other"]],
    ["get cm ", ["site"]],
    ["get events --for pod/w", ["pod/web-node1"]],
    ["get pods -o y", ["yaml"]],
    ["get pods --output=j", ["--output=json", "--output=jsonpath="]],
    ["get pods --output = j", ["json", "jsonpath="]],
    ["logs ", ["db-node1", "web-node1"]],
    ["logs web --t", ["--tail", "--timestamps"]],
    ["logs web -c ", ["main", "side"]],
    ["exec web-node1 --container s", ["side"]],
    ["exec web ", []],
    ["exec web -- ", [":files"]],
    ["describe pod w", ["web-node1"]],
    ["delete c", ["configmap"]],
    ["delete configmap ", ["site"]],
    ["cp w", ["web-node1:"]],
    ["cp ./", [":files"]],
    ["cp web:/x ", [":files"]],
    ["apply -f ", [":files"]],
    ["validate ", [":files"]],
    ["image ", ["load"]],
    ["image load ", [":files"]],
    ["wait web --for cr", ["create"]],
    ["top ", ["pods", "node"]],
    ["top node --sort-by ", ["cpu", "memory"]],
    ["completion f", ["fish"]],
    ["doctor ", []],
    ["nonsense ", []],
    ["get pods --nonsense ", []],
    ["toString ", []],
  ])("berth %s", async (line, expected) => {
    expect((await offered(...line.split(" "))).toSorted()).toEqual(expected.toSorted());
  });

  it("asks the berthd of --socket, and offers no names where none answers", async () => {
    expect(await offered("--socket", "/nowhere.sock", "logs", "")).toEqual([]);
    expect(await offered("--socket", "/nowhere.sock", "log")).toEqual(["logs"]);
  });

  it("says what commands and flags are for", async () => {
    const seen = makeTerminal(house.socket);
    await runBerth(["__complete", "vers"], seen.terminal);
    expect(seen.out()).toBe("version\tPrint the versions of berth and of the berthd that answers.\n");
  });
});

/** A berth that answers a script with its own words, each on a line, and two candidates. */
const ECHO = `berth() { printf '%s|' "$@" >&3; printf 'web:\\tof a pod\\n:files\\n'; }`;

it("bash hands over the words up to the one that is written, and takes what is offered", () => {
  const script = `exec 3>&1\n${ECHO}\n${BASH_SCRIPT}
COMP_WORDS=(berth get pods '' more); COMP_CWORD=3; _berth; printf '\\n%s\\n' "\${COMPREPLY[@]}"`;
  expect(execFileSync("bash", ["-c", script], { encoding: "utf8" })).toBe("__complete|get|pods||\nweb:\n");
});

it.each([
  ["zsh", ZSH_SCRIPT],
  ["fish", FISH_SCRIPT],
])("%s can read its script, where there is one", (shell, script) => {
  expect(script).toContain("berth __complete");
  if (existsSync(`/usr/bin/${shell}`)) execFileSync(shell, ["-n"], { input: script });
});
