import type { Log } from "../base/log.ts";
import type { CountedEvent } from "../pod/event.ts";
import type { Sink } from "../ports.ts";

/** Writes each event that is told to the log, a line each; those that come too often are told now and then, with their count. */
export function makeEventLog(log: Log): Sink<CountedEvent> {
  return {
    async put({ type, reason, message, object, count }) {
      const fields = { event: reason, ...objectWords(object), text: message, ...(count === 1 ? {} : { count }) };
      if (type === "Warning") log.warn("a warning event", fields);
      else log.info("an event", fields);
    },
  };
}

function objectWords(object: CountedEvent["object"]): Readonly<Record<string, string>> {
  if (object.kind === "Node") return { node: object.name };
  const { namespace, name, uid, fieldPath } = object;
  return { pod: uid, name: `${namespace}/${name}`, ...(fieldPath === undefined ? {} : { part: fieldPath }) };
}
