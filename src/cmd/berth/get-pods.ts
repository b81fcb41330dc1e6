import type * as v1 from "../../pod/v1.ts";
import type { PodChange } from "../../ports.ts";
import { askAbout } from "./about.ts";
import { type Call, namespaceOf, podPath } from "./command.ts";
import { followLines } from "./follow.ts";
import { outputForm, printItems, printOne, shownColumns } from "./output.ts";
import { podPresentation } from "./pod-cells.ts";
import { type Column, columnWidths, tableLine } from "./print-table.ts";
import { readSelector } from "./selector.ts";
import { CommandFailure, usageFailure } from "./terminal.ts";

/** `berth get pods`. */
export async function getPods(call: Call, names: string[]): Promise<number> {
  const form = outputForm(call.value("output"));
  if (names.length > 0 && call.has("all-namespaces")) throw usageFailure("a name is of one namespace: -n NAME, not -A");
  if (names.length > 1 && call.has("watch"))
    throw usageFailure("-w watches one pod by its name, or those of -l, or all");
  if (call.has("watch")) return watchPods(call, names, form);
  const namespace = namespaceOf(call);
  const selects = readSelector(call.value("selector"));
  const { items: all, missing } = await listPods(call, namespace, names);
  const items = all.filter((pod) => selects(pod.metadata?.labels));
  const presentation = podPresentation(call.terminal.now(), namespace === undefined, call.has("show-labels"));
  if (items.length === 0 && missing.length === 0 && (form === "table" || form === "wide")) {
    await call.terminal.err.write(
      namespace === undefined ? "No resources found\n" : `No resources found in ${namespace} namespace.\n`,
    );
    const { drained } = await askAbout(call);
    if (drained) await call.terminal.err.write("This host is drained: nothing runs until berth uncordon.\n");
  } else if (items.length > 0 || names.length === 0) {
    await printItems(call, form, items, presentation, names.length === 1);
  }
  for (const message of missing) await call.terminal.err.write(`error: ${message}\n`);
  return missing.length > 0 ? 1 : 0;
}

/** Pods of a namespace, all of them or those of the given names, each of which must mean exactly one. */
export async function listPods(
  call: Call,
  namespace: string | undefined,
  names: readonly string[],
): Promise<{ items: v1.Pod[]; missing: string[] }> {
  if (names.length === 0) {
    const { items } = await call.client.get<{ items: v1.Pod[] }>("/v1/pods", { namespace });
    return { items, missing: [] };
  }
  const found = await Promise.all(names.map((name) => onePod(call, namespace ?? "default", name)));
  return {
    items: found.filter((each) => typeof each !== "string"),
    missing: found.filter((each) => typeof each === "string"),
  };
}

/** The pod of a name; a text says why there is none. */
async function onePod(call: Call, namespace: string, name: string): Promise<v1.Pod | string> {
  try {
    return await call.client.get<v1.Pod>(podPath(namespace, name));
  } catch (error) {
    if (error instanceof CommandFailure && /not found|may be any/.test(error.message)) return error.message;
    throw error;
  }
}

async function watchPods(call: Call, names: string[], form: ReturnType<typeof outputForm>): Promise<number> {
  const { terminal } = call;
  const namespace = namespaceOf(call);
  const query = { namespace, name: names[0], watch: true };
  const selects = readSelector(call.value("selector"));
  const presentationNow = () => podPresentation(terminal.now(), namespace === undefined, call.has("show-labels"));
  if (form !== "table" && form !== "wide") {
    const isNews = makeNews();
    for await (const change of followLines<PodChange>(call, "/v1/pods", query)) {
      if (change.kind === "gone") isNews(change.key, undefined);
      if (change.kind !== "put" || !selects(change.pod.metadata?.labels)) continue;
      const { namespace, name } = change.pod.metadata ?? {};
      if (isNews(`${namespace}/${name}`, JSON.stringify(change.pod)))
        await printOne(call, form, change.pod, presentationNow());
    }
    return 0;
  }
  const indexes = shownColumns(presentationNow().columns, form);
  const columns = indexes.map((index) => presentationNow().columns[index] ?? { heading: "" });
  const row = (pod: v1.Pod): string[] => {
    const cells = presentationNow().cells(pod);
    return indexes.map((index) => cells[index] ?? "");
  };
  const board = makeBoard(columns, call);
  for await (const change of followLines<PodChange>(call, "/v1/pods", query, board.again)) {
    switch (change.kind) {
      case "put":
        if (!selects(change.pod.metadata?.labels)) break;
        await board.put(`${change.pod.metadata?.namespace}/${change.pod.metadata?.name}`, row(change.pod));
        break;
      case "synced":
        await board.start();
        break;
      case "gone":
        board.forget(change.key);
    }
  }
  return 0;
}

/** Tells texts that a key has not had last: a berthd that begins shows again what the one before it has shown. */
export function makeNews(): (key: string, text: string | undefined) => boolean {
  /** @bound Objects of a watch that are there: one text each. */
  const shown = new Map<string, string>();
  return (key, text) => {
    if (text === undefined) return shown.delete(key);
    if (shown.get(key) === text) return false;
    shown.set(key, text);
    return true;
  };
}

/** The table of `-w`: the first list at once, so that its columns fit, then a line for each change that a cell shows. */
function makeBoard(columns: readonly Column[], call: Call) {
  const shown = new Map<string, readonly string[]>();
  /** Those that a berthd that begins has not shown yet. */
  let missing = new Set<string>();
  const width = (): number | undefined => call.terminal.out.columns;
  let widths: readonly number[] | undefined;
  const age = columns.findIndex(({ heading }) => heading === "AGE");
  const isSame = (one: readonly string[], other: readonly string[]): boolean =>
    one.every((cell, index) => index === age || cell === other[index]);
  return {
    async put(key: string, row: readonly string[]): Promise<void> {
      const before = shown.get(key);
      shown.set(key, row);
      missing.delete(key);
      if (widths === undefined || (before !== undefined && isSame(before, row))) return;
      await call.terminal.out.write(tableLine(columns, row, widths, width()));
    },
    async start(): Promise<void> {
      for (const key of missing) shown.delete(key);
      missing = new Set();
      if (widths !== undefined) return;
      const rows = [...shown.values()];
      widths = columnWidths(columns, rows, width());
      const headings = columns.map(({ heading }) => heading);
      const lines = call.has("no-headers") ? rows : [headings, ...rows];
      const fitted = widths;
      await call.terminal.out.write(lines.map((row) => tableLine(columns, row, fitted, width())).join(""));
    },
    again(): void {
      missing = new Set(shown.keys());
    },
    forget: (key: string): void => void shown.delete(key),
  };
}
