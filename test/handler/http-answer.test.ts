import { describe, expect, it } from "vitest";
import { type Answer, BODY_LIMIT_BYTES, readAnswer } from "../../src/handler/http-answer.ts";

const OK = "HTTP/1.1 200 OK\r\n";
const read = (text: string, ended = false): Answer | undefined => readAnswer(Buffer.from(text, "latin1"), ended);
const bodyOf = (text: string, ended = false): string | undefined => read(text, ended)?.body;

describe("an answer of HTTP/1", () => {
  it.each([
    ["a body of a known length", `${OK}Content-Length: 4\r\n\r\nbody`, "body"],
    ["what comes after it", `${OK}content-length:4\r\n\r\nbody and more`, "body"],
    ["none", `${OK}Content-Length: 0\r\n\r\n`, ""],
    ["chunks", `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2;x=y\r\ndy\r\n0\r\n\r\n`, "body"],
    [
      "chunks before a length",
      `${OK}Content-Length: 1\r\ntransfer-encoding: Chunked\r\n\r\n4\r\nbody\r\n0\r\n`,
      "body",
    ],
    ["lines that end in a line feed alone", "HTTP/1.0 200 OK\nContent-Length: 4\n\nbody", "body"],
    ["a status without words", "HTTP/1.1 200\r\nContent-Length: 4\r\n\r\nbody", "body"],
    ["a line that goes on", `${OK}X: a\r\n b: c\r\nContent-Length: 4\r\n\r\nbody`, "body"],
    ["something before the answer", `HTTP/1.1 100 Continue\r\n\r\n${OK}Content-Length: 4\r\n\r\nbody`, "body"],
    ["a status that has no body", "HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\n", ""],
  ])("is read with %s", (_, text, body) => {
    expect(bodyOf(text)).toBe(body);
    for (let length = 0; length < text.indexOf("\n\r\n") && length < text.length; length += 1) {
      expect(read(text.slice(0, length)), `${length} bytes are not enough`).toBeUndefined();
    }
  });

  it("without a length goes on until the server closes", () => {
    expect(read(`${OK}\r\nbody`)).toBeUndefined();
    expect(bodyOf(`${OK}\r\nbody`, true)).toBe("body");
  });

  it("tells status and location", () => {
    expect(read("HTTP/1.1 302 Found\r\nLOCATION: /there \r\nContent-Length: 0\r\n\r\n")).toEqual({
      status: 302,
      body: "",
      location: "/there",
    });
  });

  it("is enough once the body has reached its limit, however it is sent (R15)", () => {
    const much = "x".repeat(BODY_LIMIT_BYTES);
    expect(bodyOf(`${OK}Content-Length: 1000000\r\n\r\n${much}y`)).toBe(much);
    expect(bodyOf(`${OK}\r\n${much}y`)).toBe(much);
    expect(bodyOf(`${OK}Transfer-Encoding: chunked\r\n\r\n100000\r\n${much}`)).toBe(much);
    expect(bodyOf(`${OK}Content-Length: 1000000\r\n\r\n${much.slice(1)}`)).toBeUndefined();
  });

  it.each([
    ["nothing", "", "EOF"],
    ["half a head", "HTTP/1.1 200 OK\r\nContent-", "unexpected EOF"],
    ["half a body", `${OK}Content-Length: 4\r\n\r\nbo`, "unexpected EOF"],
    ["half a chunk", `${OK}Transfer-Encoding: chunked\r\n\r\n4\r\nbo`, "unexpected EOF"],
    ["no last chunk", `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n`, "unexpected EOF"],
  ])("that ends after %s has failed", (_, text, message) => {
    expect(() => read(text, true)).toThrow(message);
    expect(read(text)).toBeUndefined();
  });

  it.each([
    ["another protocol", "SSH-2.0-x", /malformed HTTP response/],
    ["an alert of TLS", "\x15\x03\x01\0\x02\x02", /malformed HTTP response/],
    ["a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", /malformed HTTP response/],
    ["a line without a colon", `${OK}nonsense\r\n\r\n`, /malformed header line/],
    ["a blank before the colon", `${OK}Content-Length : 4\r\n\r\nbody`, /malformed header line/],
    ["a length that is no number", `${OK}Content-Length: 4x\r\n\r\nbody`, /bad Content-Length/],
    ["a negative length", `${OK}Content-Length: -4\r\n\r\nbody`, /bad Content-Length/],
    ["two lengths", `${OK}Content-Length: 4\r\nContent-Length: 5\r\n\r\nbody`, /two lengths/],
    ["another coding", `${OK}Transfer-Encoding: gzip\r\n\r\nbody`, /unsupported transfer encoding/],
    ["a chunk without a size", `${OK}Transfer-Encoding: chunked\r\n\r\n\r\n`, /malformed chunked/],
    ["a chunk longer than it says", `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nbody\r\n`, /malformed chunked/],
    ["one that never comes to the point", "HTTP/1.1 100 Continue\r\n\r\n".repeat(6), /more than 5 interim answers/],
    ["a head without an end", `${OK}X: ${"x".repeat(70_000)}`, /more around its body/],
    [
      "chunks with more around them than in them",
      `${OK}Transfer-Encoding: chunked\r\n\r\n${`1;${"x".repeat(1000)}\r\na\r\n`.repeat(70)}`,
      /more around its body/,
    ],
  ])("cannot be %s", (_, text, message) => {
    expect(() => read(text)).toThrow(message);
  });
});
