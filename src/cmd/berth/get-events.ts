import { type Call, namespaceOf } from "./command.ts";
import { outputForm, type Presentation, printItems } from "./output.ts";
import { ageCell } from "./pod-cells.ts";

/** A v1 Event as the sockets' API tells it. */
export type EventItem = {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly metadata: { readonly namespace: string };
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

/** `berth get events`. */
export async function getEvents(call: Call): Promise<number> {
  const form = outputForm(call.value("output"));
  const namespace = namespaceOf(call);
  const { items } = await call.client.get<{ items: EventItem[] }>("/v1/events", { namespace });
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
