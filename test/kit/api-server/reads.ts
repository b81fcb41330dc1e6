import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { Json } from "./merge.ts";
import { fieldOf } from "./pod-rules.ts";
import { Refusal, statusOf } from "./refusal.ts";
import type { Asked } from "./requests.ts";
import type { Happening, Kept, Shelf } from "./shelf.ts";

/** Whether an object is in the selection of a request. */
export function selects({ namespace, query }: Asked): (object: Kept) => boolean {
  const terms = (query.get("fieldSelector") ?? "").split(",").filter((term) => term !== "");
  const pairs = terms.map((term) => term.split("=") as [string, string]);
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    pairs.every(([path, value]) => fieldOf(object, path) === value);
}

/** A node may list pods only by its own name (node.md 1.5). */
export function refuseWideReads({ resource, name, query }: Asked): void {
  if (resource !== "pods" || name !== undefined) return;
  if ((query.get("fieldSelector") ?? "").startsWith("spec.nodeName=")) return;
  throw new Refusal(403, "Forbidden", "pods is forbidden: can only list/watch pods with spec.nodeName field selector");
}

/** The answer to a list. */
export function list(shelf: Shelf, at: Asked): Json {
  const asked = Number(at.query.get("resourceVersion") ?? "0");
  if (asked > shelf.version())
    throw new Refusal(504, "Timeout", `Too large resource version: ${asked}, current: ${shelf.version()}`);
  const metadata = { resourceVersion: String(shelf.version()) };
  return { kind: "List", apiVersion: "v1", metadata, items: shelf.all(at.resource).filter(selects(at)) };
}

/** An event as a selection sees it: an object that leaves it is deleted for it, one that enters it added. */
function seen(happening: Happening, inside: (object: Kept) => boolean): Json | undefined {
  const { type, object, before } = happening;
  const now = type !== "DELETED" && inside(object);
  const then = before !== undefined && inside(before);
  if (now) return { type: then ? "MODIFIED" : "ADDED", object };
  return then ? { type: "DELETED", object } : undefined;
}

/** Tells changes until the time is over or the reader has gone. */
export async function watch(shelf: Shelf, at: Asked, answer: ServerResponse, signal: AbortSignal): Promise<void> {
  const inside = selects(at);
  const write = (line: object): void => void answer.write(`${JSON.stringify(line)}\n`);
  const asked = at.query.get("resourceVersion") ?? "0";
  let from = asked === "0" || asked === "" ? shelf.version() : Number(asked);
  const bookmark = (): void => {
    if (at.query.get("allowWatchBookmarks") !== "true") return;
    write({ type: "BOOKMARK", object: { metadata: { resourceVersion: String(from) } } });
  };
  const tell = (): void => {
    try {
      for (const happening of shelf.since(from)) {
        from = happening.version;
        if (happening.resource !== at.resource) continue;
        const line = seen(happening, inside);
        if (line !== undefined) write(line);
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      write({ type: "ERROR", object: statusOf(error) });
      answer.end();
    }
  };
  answer.writeHead(200, { "content-type": "application/json" });
  answer.flushHeaders();
  if (asked === "0" || asked === "")
    for (const object of shelf.all(at.resource).filter(inside)) write({ type: "ADDED", object });
  const unsubscribe = shelf.onChange(tell);
  const seconds = Number(at.query.get("timeoutSeconds") ?? "300");
  const timer = setTimeout(() => {
    bookmark();
    answer.end();
  }, seconds * 1000);
  const onAbort = (): void => void answer.destroy();
  signal.addEventListener("abort", onAbort, { once: true });
  tell();
  if (!answer.closed) await once(answer, "close");
  signal.removeEventListener("abort", onAbort);
  clearTimeout(timer);
  unsubscribe();
}
