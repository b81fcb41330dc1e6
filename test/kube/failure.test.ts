import { describe, expect, it } from "vitest";
import { failureInStream, failureOf } from "../../src/kube/failure.ts";

const told = (status: object): string => JSON.stringify({ kind: "Status", ...status });

describe("a failure that an API server tells", () => {
  it("keeps the server's words and what it asks for", () => {
    const body = told({ message: "too many", details: { retryAfterSeconds: 7 } });
    expect(failureOf("asking", 429, body, "3")).toMatchObject({
      code: "ApiBusy",
      message: "asking: too many (status 429)",
      retryAfterMs: 7000,
    });
    expect(failureOf("asking", 429, "", "3")).toMatchObject({ retryAfterMs: 3000 });
    expect(failureOf("asking", 503, "<html>\ngone", undefined).message).toBe("asking: <html> (status 503)");
  });

  it.each([86_400, 1e300, Number.MAX_VALUE])("does not silence the node for long by asking for %d s", (seconds) => {
    expect(failureOf("asking", 429, "", String(seconds)).retryAfterMs).toBe(300_000);
    expect(failureOf("asking", 429, told({ details: { retryAfterSeconds: seconds } }), undefined).retryAfterMs).toBe(
      300_000,
    );
  });

  it.each(["", "-1", "0", "NaN", "Wed, 21 Oct 2026 07:28:00 GMT"])("asks for nothing by %j", (retryAfter) => {
    expect(failureOf("asking", 429, "", retryAfter).retryAfterMs).toBeUndefined();
  });

  it.each([
    ["a Status", (words: string) => failureOf("asking", 422, told({ message: words }), undefined)],
    ["a text", (words: string) => failureOf("asking", 502, words, undefined)],
    ["an event of a watch", (words: string) => failureInStream("asking", { message: words, code: 500 })],
  ])("has words of a bounded length, from %s", (_what, failure) => {
    expect(failure("x".repeat(1000)).message).toContain("x".repeat(1000));
    expect(failure("x".repeat(1_000_000)).message.length).toBeLessThan(1100);
  });
});
