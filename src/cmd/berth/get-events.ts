import { askAbout } from "./about.ts";
import type { Query } from "./client.ts";
import { type Call, namespaceOf, podName } from "./command.ts";
import { followLines } from "./follow.ts";
import { type OutputForm, outputForm, type Presentation, printItems, printOne, shownColumns } from "./output.ts";
import { ageCell } from "./pod-cells.ts";
import { tableLine } from "./print-table.ts";
import { usageFailure } from "./terminal.ts";

/** A v1 Event as the sockets' API tells it. */
export type EventItem = {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly involvedObject: {
    readonly kind: string;
    readonly namespace?: string;
    readonly name: string;
    readonly uid?: string;
    readonly fieldPath?: string;
  };
  readonly firstTimestamp: string;
  readonly lastTimestamp: string;
  readonly count: number;
};

/** `berth get events`. An event's own name means nothing to a person: those of one pod are asked for by the pod's. */
export async function getEvents(call: Call, names: readonly string[]): Promise<number> {
  const form = outputForm(call.value("output"));
  const namespace = namespaceOf(call);
  const [name] = names;
  if (name !== undefined) throw usageFailure(`events are not got by a name; those of a pod: --for pod/${name}`);
  const isWanted = await readFor(call);
  if (call.has("watch")) return watchEvents(call, form, isWanted);
  const { items: all } = await call.client.get<{ items: EventItem[] }>("/v1/events", { namespace });
  const items = all.filter(isWanted);
  if (items.length === 0 && (form === "table" || form === "wide")) {
    await call.terminal.err.write(`No events found${namespace === undefined ? "" : ` in ${namespace} namespace`}.\n`);
    return 0;
  }
  await printItems(
    call,
    form,
    foldEvents(items),
    eventPresentation(call.terminal.now(), namespace === undefined),
    false,
  );
  return 0;
}

type IsWanted = (event: EventItem) => boolean;

/** Which events `--for pod/NAME` asks for; a pod that is gone has left events under its full name. */
async function readFor(call: Call): Promise<IsWanted> {
  const written = call.value("for");
  if (written === undefined) return () => true;
  if (!/^(?:(?:pods?|po)\/)?[^/]+$/i.test(written)) throw usageFailure("--for is pod/NAME");
  const name = podName(written);
  const { nodeName } = await askAbout(call);
  return ({ involvedObject: { kind, name: own } }) => kind === "Pod" && (own === name || own === `${name}-${nodeName}`);
}

/** Those there are, then each as it happens, in columns as wide as the first ones need. */
async function watchEvents(call: Call, form: OutputForm, isWanted: IsWanted): Promise<number> {
  const { terminal } = call;
  const namespace = namespaceOf(call);
  const shown = () => eventPresentation(terminal.now(), namespace === undefined);
  const events = tellings(call, { namespace, watch: true });
  if (form !== "table" && form !== "wide") {
    for await (const event of events) if (isWanted(event)) await printOne(call, form, event, shown());
    return 0;
  }
  const indexes = shownColumns(shown().columns, form);
  const headings = indexes.map((index) => shown().columns[index] ?? { heading: "" });
  const widths = headings.map(({ heading }) => WATCH_WIDTHS[heading] ?? heading.length);
  if (!call.has("no-headers")) {
    await terminal.out.write(
      tableLine(
        headings,
        headings.map(({ heading }) => heading),
        widths,
        terminal.out.columns,
      ),
    );
  }
  for await (const event of events) {
    if (!isWanted(event)) continue;
    const cells = shown().cells(event);
    await terminal.out.write(
      tableLine(
        headings,
        indexes.map((index) => cells[index] ?? ""),
        widths,
        terminal.out.columns,
      ),
    );
  }
  return 0;
}

/** Each telling of each event once, though a berthd that begins tells what the one before it has told. */
async function* tellings(call: Call, query: Query): AsyncGenerator<EventItem> {
  /** @bound MOST_TOLD */
  const told = new Map<string, number>();
  for await (const event of followLines<EventItem>(call, "/v1/events", query)) {
    const { name, namespace } = event.metadata;
    const key = `${namespace}/${name}`;
    const before = told.get(key) ?? 0;
    told.delete(key);
    told.set(key, event.count);
    const [oldest] = told.keys();
    if (told.size > MOST_TOLD && oldest !== undefined) told.delete(oldest);
    if (event.count > before) yield event;
  }
}

/** Events whose last telling is known; berthd keeps no more. @limit The one that was longest not told is forgotten. */
const MOST_TOLD = 1000;

/** Room for what is to come; longer words push their own line only. */
const WATCH_WIDTHS: Readonly<Record<string, number>> = {
  NAMESPACE: 12,
  "LAST SEEN": 9,
  TYPE: 7,
  REASON: 16,
  OBJECT: 24,
  SUBOBJECT: 24,
  MESSAGE: 0,
};

/** Equal events as one with a count, in the order of their last time. */
export function foldEvents(events: readonly EventItem[]): EventItem[] {
  const folded = new Map<string, EventItem>();
  for (const event of events) {
    const { kind, namespace, name, uid, fieldPath } = event.involvedObject;
    const key = JSON.stringify([kind, namespace, name, uid, fieldPath, event.type, event.reason, event.message]);
    const earlier = folded.get(key);
    folded.delete(key); // so that it goes to the end
    folded.set(
      key,
      earlier === undefined
        ? event
        : { ...event, firstTimestamp: earlier.firstTimestamp, count: earlier.count + event.count },
    );
  }
  return [...folded.values()];
}

function eventPresentation(nowMs: number, withNamespace: boolean): Presentation<EventItem> {
  return {
    nameOf: (event) => `event/${event.involvedObject.name}.${event.reason}`,
    columns: [
      ...(withNamespace ? [{ heading: "NAMESPACE" }] : []),
      { heading: "LAST SEEN" },
      { heading: "TYPE" },
      { heading: "REASON" },
      { heading: "OBJECT" },
      { heading: "SUBOBJECT", wide: true },
      { heading: "FIRST SEEN", wide: true },
      { heading: "COUNT", wide: true },
      { heading: "MESSAGE", mayCut: true },
    ],
    cells: (event) => [
      ...(withNamespace ? [event.metadata.namespace] : []),
      ageCell(event.lastTimestamp, nowMs),
      event.type,
      event.reason,
      `${event.involvedObject.kind.toLowerCase()}/${event.involvedObject.name}`,
      event.involvedObject.fieldPath ?? "",
      ageCell(event.firstTimestamp, nowMs),
      String(event.count),
      event.message,
    ],
    colourOf: (cell, heading) => (heading === "TYPE" && cell === "Warning" ? "yellow" : undefined),
  };
}
