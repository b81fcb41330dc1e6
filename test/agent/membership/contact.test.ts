import { describe, expect, it } from "vitest";
import { makeContact } from "../../../src/agent/membership/contact.ts";
import { BerthError } from "../../../src/base/errors.ts";
import { type Log, silentLog } from "../../../src/base/log.ts";
import type { Meter } from "../../../src/pod/metrics.ts";
import { handClock } from "../../kit/clock.ts";

function talking() {
  const clock = handClock();
  const lines: string[] = [];
  const added: unknown[] = [];
  const gauges = new Map<string, number>();
  const log: Log = { ...silentLog, info: (line) => void lines.push(line), warn: (line) => void lines.push(line) };
  const meter = {
    set: (name: string, labels: object, value: number) =>
      void gauges.set([name, ...Object.values(labels)].join(" "), value),
    add: (name: string, labels: object) => void added.push([name, labels]),
    observe: () => {},
    drop: () => {},
  } as unknown as Meter;
  return { clock, lines, gauges, added, contact: makeContact({ clock, log, meter }) };
}
const away = (): BerthError => new BerthError("ApiUnreachable", "renewing the lease: connection refused");

describe("the contact with the API server", () => {
  it("is there when the lease was renewed, not when something else went well", () => {
    const { contact, gauges, clock } = talking();
    expect(contact.show()).toEqual({ connected: false });
    contact.well("pod watch");
    expect(gauges.get("berth_cluster_connected")).toBe(0);
    contact.well("lease");
    expect(contact.show()).toEqual({ connected: true, leaseRenewedMs: clock.now().wallMs });
    expect(gauges.get("berth_cluster_connected")).toBe(1);
    expect(gauges.get("berth_cluster_lease_renewed_timestamp_seconds")).toBe(clock.now().wallMs / 1000);
  });

  it("counts failures by what failed, and keeps when the status was sent", () => {
    const { contact, gauges, added, clock } = talking();
    contact.failed("lease", away());
    contact.failed("lease", away());
    expect(added).toEqual(Array(2).fill(["berth_cluster_failures_total", { topic: "lease", code: "ApiUnreachable" }]));
    contact.well("node");
    expect(gauges.get("berth_cluster_status_sent_timestamp_seconds")).toBe(clock.now().wallMs / 1000);
  });

  it("is lost with the lease only; a topic that fails is shown until all is well", () => {
    const { contact } = talking();
    contact.well("lease");
    contact.failed("pod watch", away());
    expect(contact.show()).toMatchObject({ connected: true, lastError: { message: away().message } });
    contact.failed("lease", away());
    expect(contact.show().connected).toBe(false);
    contact.well("lease");
    expect(contact.show().lastError).toBeDefined();
    contact.well("pod watch");
    expect(contact.show().lastError).toBeUndefined();
  });

  it("logs a trouble once, another trouble once more, and its end once", () => {
    const { contact, lines } = talking();
    for (let again = 0; again < 5; again += 1) contact.failed("lease", away());
    contact.failed("lease", new BerthError("ApiUnauthorized", "renewing the lease: who are you"));
    contact.well("lease");
    contact.well("lease");
    expect(lines).toEqual([
      "renewing the lease: connection refused",
      "renewing the lease: who are you",
      "the API server answers again",
    ]);
  });

  it("takes whatever was thrown", () => {
    const { contact } = talking();
    expect(contact.failed("node", new TypeError("x"))).toMatchObject({ code: "Internal" });
  });
});
