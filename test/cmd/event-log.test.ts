import { expect, it } from "vitest";
import { type LogFields, silentLog } from "../../src/base/log.ts";
import { makeEventLog } from "../../src/cmd/event-log.ts";
import type { CountedEvent, EventObject } from "../../src/pod/event.ts";

it("writes a line for each event: what, about whom, in which words", async () => {
  const lines: [string, string, LogFields | undefined][] = [];
  const log = {
    ...silentLog,
    info: (message: string, fields?: LogFields) => void lines.push(["info", message, fields]),
    warn: (message: string, fields?: LogFields) => void lines.push(["warn", message, fields]),
  };
  const sink = makeEventLog(log);
  const pod = { kind: "Pod", namespace: "demo", name: "web-n", uid: "u" } as const;
  const event = (type: "Normal" | "Warning", object: EventObject, count = 1): CountedEvent => {
    return { type, reason: "R", message: "m", object, atWallMs: 2, name: "e", count, firstWallMs: 1 };
  };
  const { signal } = new AbortController();
  await sink.put(event("Normal", pod), signal);
  await sink.put(event("Warning", { ...pod, fieldPath: "spec.containers{app}" }, 7), signal);
  await sink.put(event("Normal", { kind: "Node", name: "n" }), signal);
  expect(lines).toEqual([
    ["info", "an event", { event: "R", pod: "u", name: "demo/web-n", text: "m" }],
    [
      "warn",
      "a warning event",
      { event: "R", pod: "u", name: "demo/web-n", part: "spec.containers{app}", text: "m", count: 7 },
    ],
    ["info", "an event", { event: "R", node: "n", text: "m" }],
  ]);
});
