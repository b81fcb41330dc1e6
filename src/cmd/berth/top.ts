import { setTimeout } from "node:timers/promises";
import type * as v1 from "../../pod/v1.ts";
import type { UsageAnswer } from "../../serve/answer-usage.ts";
import { type Call, type Command, namespaceOf, podName } from "./command.ts";
import { listPods } from "./get-pods.ts";
import { type Column, tableText } from "./print-table.ts";
import { readSelector } from "./selector.ts";
import { CommandFailure, usageFailure } from "./terminal.ts";
import { nodeRow, podRows, type ShownUsage } from "./top-rows.ts";

export const top: Command = {
  usage: "pods|node [NAME...]",
  help: "Show processor time and memory in use; on a terminal it goes on until q or Ctrl-C.",
  flags: ["all-namespaces", "namespace", "selector", "containers", "sort-by", "once", "interval", "no-headers"],
  examples: ["berth top pods", "berth top pods web --containers", "berth top node --once"],
  endsByInterrupt: true,
  async run(call) {
    const [kind = "", ...names] = call.words;
    const draw = drawerOf(call, kind, names);
    const seconds = Number(call.value("interval") ?? "2");
    if (!(seconds > 0)) throw usageFailure("--interval is a number of seconds");
    const live = call.terminal.out.isTerminal && call.terminal.environment.TERM !== "dumb" && !call.has("once");
    let before = await ask(call);
    await refuseStrangers(call, before, kind, names);
    await setTimeout(FIRST_SAMPLE_MS, undefined, { signal: call.terminal.signal });
    if (!live) {
      await call.terminal.out.write(draw(before, await ask(call)));
      return 0;
    }
    const stop = stopOf(call);
    try {
      while (!stop.signal.aborted) {
        const now = await ask(call);
        await paintScreen(call, draw(before, now), seconds);
        before = now;
        await setTimeout(seconds * 1000, undefined, { signal: stop.signal }).catch(() => undefined);
      }
    } finally {
      stop.release();
      await call.terminal.out.write(LEAVE_SCREEN);
    }
    return 0;
  },
};

/** Between the first two samples, which the first rates are made of. */
const FIRST_SAMPLE_MS = 1000;

/** Throws for a name that nothing here has. */
async function refuseStrangers(
  call: Call,
  { node }: UsageAnswer,
  kind: string,
  names: readonly string[],
): Promise<void> {
  const isNode = NODE_WORDS.includes(kind);
  const { missing } = isNode ? { missing: [] } : await listPods(call, namespaceOf(call), names.map(podName));
  const strange = isNode ? names.find((name) => name !== node.name) : undefined;
  const [complaint = strange && `node ${JSON.stringify(strange)} not found: this is ${node.name}`] = missing;
  if (complaint !== undefined) throw new CommandFailure(complaint);
}

const NODE_WORDS: readonly string[] = ["node", "nodes", "no"];

/** The usage of now; of pods, that of those which the selector finds. */
async function ask(call: Call): Promise<UsageAnswer> {
  const usage = await call.client.get<UsageAnswer>("/v1/usage");
  const labels = call.value("selector");
  if (labels === undefined) return usage;
  const selects = readSelector(labels);
  const { items } = await call.client.get<{ items: v1.Pod[] }>("/v1/pods");
  const chosen = new Set(items.flatMap(({ metadata }) => (selects(metadata?.labels) ? (metadata?.uid ?? []) : [])));
  return { ...usage, pods: usage.pods.filter(({ uid }) => chosen.has(uid)) };
}

type Drawer = (before: UsageAnswer, now: UsageAnswer) => string;

function drawerOf(call: Call, kind: string, names: readonly string[]): Drawer {
  const width = (): number | undefined => call.terminal.out.columns;
  const table = (columns: readonly Column[], rows: readonly (readonly string[])[]): string =>
    tableText(columns, rows, width(), undefined, !call.has("no-headers"));
  if (NODE_WORDS.includes(kind)) {
    const columns = headings("NAME", "CPU(cores)", "CPU(%)", "MEMORY(bytes)", "MEMORY(%)");
    return (before, now) => table(columns, [nodeRow(before.node, now.node)]);
  }
  if (kind !== "pods" && kind !== "pod" && kind !== "po") throw usageFailure("top of what? pods, or node");
  const sortBy = call.value("sort-by");
  if (sortBy !== undefined && sortBy !== "cpu" && sortBy !== "memory") throw usageFailure("--sort-by is cpu or memory");
  const namespace = namespaceOf(call);
  const shown: ShownUsage = { namespace, names: names.map(podName), byContainer: call.has("containers"), sortBy };
  const columns = headings(
    ...(namespace === undefined ? ["NAMESPACE"] : []),
    shown.byContainer ? "POD" : "NAME",
    ...(shown.byContainer ? ["NAME"] : []),
    "CPU(cores)",
    "MEMORY(bytes)",
  );
  return (before, now) => table(columns, podRows(before, now, shown));
}

const headings = (...names: string[]): Column[] => names.map((heading) => ({ heading }));

const ENTER_SCREEN = "\u001b[?1049h\u001b[?25l";
const LEAVE_SCREEN = "\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
const CLEAR_REST = "\u001b[J";

/** As many lines as there is room for, each without what an earlier one has left behind it. */
async function paintScreen(call: Call, table: string, seconds: number): Promise<void> {
  const rows = Math.max(3, call.terminal.out.rows ?? 24);
  const lines = table.trimEnd().split("\n");
  const shown = lines.slice(0, rows - 2);
  const more = lines.length > shown.length ? `, ${lines.length - shown.length} more below` : "";
  const text = [...shown, `every ${seconds} s${more}; q leaves`].map((line) => `${line}\u001b[K`).join("\r\n");
  await call.terminal.out.write(ENTER_SCREEN + HOME + text + CLEAR_REST);
}

/** The last one is Ctrl-C, which raw mode hands over as a key. */
const LEAVING_KEYS = ["q", "Q", "\u0003"];

/** Stops at q, Ctrl-C or a signal. */
function stopOf(call: Call): { readonly signal: AbortSignal; release(): void } {
  const { terminal } = call;
  const stop = new AbortController();
  const onKey = (keys: Buffer): void => {
    if ([...keys.toString()].some((key) => LEAVING_KEYS.includes(key))) stop.abort();
  };
  const reads = terminal.in.isTTY ?? false;
  if (reads) {
    terminal.in.setRawMode?.(true);
    terminal.in.on("data", onKey);
  }
  return {
    signal: AbortSignal.any([stop.signal, terminal.signal]),
    release() {
      if (!reads) return;
      terminal.in.off("data", onKey);
      terminal.in.setRawMode?.(false);
      terminal.in.destroy();
    },
  };
}
