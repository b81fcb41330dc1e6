import type { Problem } from "../../pod/problem.ts";
import type { Call, Command } from "./command.ts";
import type { FlagName } from "./flags.ts";
import { getDocuments } from "./get-documents.ts";
import { getEvents } from "./get-events.ts";
import { getNode } from "./get-node.ts";
import { getPods } from "./get-pods.ts";
import { getProblems } from "./get-problems.ts";
import { placeOf } from "./problem-words.ts";
import { usageFailure } from "./terminal.ts";

/** What can be got, with the words for it. */
const RESOURCES: readonly {
  readonly names: readonly string[];
  /** Those flags that not every resource takes. */
  readonly takes: readonly FlagName[];
  readonly get: (call: Call, names: string[]) => Promise<number>;
}[] = [
  { names: ["pods", "pod", "po"], takes: ["selector", "watch", "show-labels"], get: getPods },
  { names: ["problems", "problem"], takes: ["watch"], get: getProblems },
  { names: ["events", "event", "ev"], takes: ["watch", "for"], get: getEvents },
  { names: ["configmaps", "configmap", "cm"], takes: [], get: (call, names) => getDocuments(call, names, "configmap") },
  { names: ["secrets", "secret"], takes: [], get: (call, names) => getDocuments(call, names, "secret") },
  { names: ["node", "nodes", "no"], takes: [], get: getNode },
];
const CHOOSY: readonly FlagName[] = ["selector", "watch", "show-labels", "for"];

export const get: Command = {
  usage: "pods|problems|events|configmaps|secrets|node [NAME...]",
  help: "Show pods, what is wrong with manifests, events, the documents that pods use, or the node.",
  flags: ["all-namespaces", "namespace", "selector", "output", "watch", "no-headers", "show-labels", "for"],
  flagHelp: { for: "Only events of this pod: pod/NAME." },
  examples: [
    "berth get pods",
    "berth get pods -A -o wide",
    "berth get pods web -o yaml",
    "berth get events --for pod/web",
    "berth get problems -w",
  ],
  async run(call) {
    const [first, ...more] = call.words;
    if (first === undefined) throw usageFailure(`get what? ${RESOURCES.map(({ names }) => names[0]).join(", ")}`);
    const [kind = "", name] = first.split("/");
    const resource = RESOURCES.find(({ names }) => names.includes(kind.toLowerCase()));
    if (resource === undefined) {
      throw usageFailure(
        `cannot get ${JSON.stringify(kind)}; there are ${RESOURCES.map(({ names }) => names[0]).join(", ")}`,
      );
    }
    const vain = CHOOSY.find((flag) => call.has(flag) && !resource.takes.includes(flag));
    if (vain !== undefined) {
      const able = RESOURCES.flatMap(({ names, takes }) => (takes.includes(vain) ? (names[0] ?? []) : []));
      throw usageFailure(`get ${resource.names[0]} takes no --${vain}: that is for ${able.join(", ")}`);
    }
    const names = [...(name === undefined ? [] : [name]), ...more].map((each) => each.replace(/^.*\//, ""));
    const problems = resource.get === getProblems ? undefined : askForProblems(call);
    const exitCode = await resource.get(call, names);
    await problems?.then((found) => call.terminal.err.write(notice(found)));
    return exitCode;
  },
};

/** Asked at the same time as the list itself; a failure here would only repeat the other's. */
async function askForProblems(call: Call): Promise<readonly Problem[]> {
  const { items } = await call.client.get<{ items: readonly Problem[] }>("/v1/problems").catch(() => ({ items: [] }));
  return items;
}

const SHOWN = 3;

/** The last lines of `get` while something in the sources is broken. */
export function notice(problems: readonly Problem[]): string {
  const errors = problems.filter((problem) => problem.severity === "error");
  if (errors.length === 0) return "";
  const lines = errors.slice(0, SHOWN).map((problem) => `  ${placeOf(problem)}: ${problem.message}\n`);
  const more = errors.length > SHOWN ? `  and ${errors.length - SHOWN} more\n` : "";
  const count = errors.length === 1 ? "1 problem waits" : `${errors.length} problems wait`;
  return `\n${count} to be mended; what runs goes on running (berth get problems):\n${lines.join("")}${more}`;
}
