import type { Problem } from "../../pod/problem.ts";
import type { Call } from "./command.ts";
import { followLines } from "./follow.ts";
import { type OutputForm, outputForm, type Presentation, printItems } from "./output.ts";
import { placeOf, sentence } from "./problem-words.ts";
import { usageFailure } from "./terminal.ts";

const PROBLEMS: Presentation<Problem> = {
  nameOf: (problem) => `problem/${problem.code}`,
  columns: [
    { heading: "SEVERITY" },
    { heading: "WHERE" },
    { heading: "CODE", wide: true },
    { heading: "POD", wide: true },
    { heading: "PROBLEM" },
    { heading: "WHAT TO DO", mayCut: true },
  ],
  cells: (problem) => [
    problem.severity,
    placeOf(problem),
    problem.code,
    problem.pod ?? "",
    problem.path === undefined ? problem.message : `${problem.path}: ${problem.message}`,
    problem.advice,
  ],
  colourOf: (cell, heading) => (heading === "SEVERITY" ? (cell === "error" ? "red" : "yellow") : undefined),
};

/** `berth get problems`: errors first, each with its place and what to do. */
export async function getProblems(call: Call, names: readonly string[]): Promise<number> {
  const form = outputForm(call.value("output"));
  if (names.length > 0) throw usageFailure("problems have no names; berth get problems shows all of them");
  if (!call.has("watch")) {
    const { items } = await call.client.get<{ items: readonly Problem[] }>("/v1/problems");
    await show(call, form, items);
    return 0;
  }
  let shown = "";
  for await (const items of followLines<readonly Problem[]>(call, "/v1/problems", { watch: true })) {
    const text = JSON.stringify(items);
    if (text !== shown) await show(call, form, items); // a berthd that begins tells what the one before it has told
    shown = text;
  }
  return 0;
}

async function show(call: Call, form: OutputForm, items: readonly Problem[]): Promise<void> {
  if (items.length === 0 && (form === "table" || form === "wide")) {
    await call.terminal.err.write("No problems.\n");
    return;
  }
  const ordered = items.toSorted((one, other) =>
    one.severity === other.severity ? 0 : one.severity === "error" ? -1 : 1,
  );
  if (form === "table") await call.terminal.out.write(ordered.map((problem) => sentence(problem)).join(""));
  else await printItems(call, form, ordered, PROBLEMS, false);
}
