import { array, assert, boolean, constantFrom, integer, property, record, uint8Array } from "fast-check";
import { describe, expect, it } from "vitest";
import { makeWebSocketReader } from "../../../src/serve/node-api/web-socket.ts";
import { clientFrame } from "./web-socket-client.ts";

/** Feeds bytes in pieces of some size and puts messages together again. */
function readAll(bytes: Buffer, pieceBytes: number): string[] {
  const read = makeWebSocketReader();
  const told: string[] = [];
  let message = "";
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    for (const news of read(Buffer.from(bytes.subarray(from, from + pieceBytes)))) {
      if (news.kind !== "part") {
        told.push(news.kind === "ping" ? `ping ${news.bytes.toString("hex")}` : news.kind);
        continue;
      }
      if (news.isFirst) message = "";
      message += news.bytes.toString("hex");
      if (news.isLast) told.push(`message ${message}`);
    }
  }
  return told;
}

describe("frames of a WebSocket", () => {
  it("are read whatever their lengths, masks, fragments and the pieces in which they come", () => {
    const message = record({
      fragments: array(uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 4 }),
      mask: uint8Array({ minLength: 4, maxLength: 4 }),
      opcode: constantFrom(1, 2),
      pinged: boolean(),
    });
    assert(
      property(array(message, { maxLength: 6 }), integer({ min: 1, max: 700 }), (messages, pieceBytes) => {
        const wanted: string[] = [];
        const frames = messages.flatMap(({ fragments, mask, opcode, pinged }) => {
          const own = fragments.map((fragment, place) =>
            clientFrame(place === 0 ? opcode : 0, fragment, {
              isFinal: place === fragments.length - 1,
              mask: Buffer.from(mask),
            }),
          );
          const whole = `message ${Buffer.concat(fragments).toString("hex")}`;
          if (!pinged) {
            wanted.push(whole);
            return own;
          }
          // a control frame may stand between the fragments of a message
          wanted.push(...(own.length > 1 ? ["ping 0102", whole] : [whole, "ping 0102"]));
          return [...own.slice(0, 1), clientFrame(9, Buffer.of(1, 2)), ...own.slice(1)];
        });
        expect(readAll(Buffer.concat(frames), pieceBytes)).toEqual(wanted);
      }),
      { seed: 20_261_121, numRuns: 300 },
    );
  });

  it("may be longer than 64 KiB, and are not held for that", () => {
    const bytes = Buffer.alloc(200_000, "abc");
    const read = makeWebSocketReader();
    const frame = clientFrame(2, bytes);
    const parts = [frame.subarray(0, 100_000), frame.subarray(100_000)].flatMap((piece) => read(Buffer.from(piece)));
    expect(parts.length).toBe(2);
    const given = parts.map((part) => (part.kind === "part" ? part.bytes : Buffer.alloc(0)));
    expect(Buffer.concat(given).equals(bytes)).toBe(true);
  });

  const bare = clientFrame(2, Buffer.from("x"));
  it.each([
    ["without a mask", Buffer.of(0x82, 1, 120)],
    ["with a reserved bit", Buffer.concat([Buffer.of(0xc2), bare.subarray(1)])],
    ["of an unknown kind", clientFrame(3, Buffer.alloc(0))],
    ["that goes on with nothing", clientFrame(0, Buffer.from("x"))],
    [
      "that begins inside another message",
      Buffer.concat([clientFrame(2, Buffer.alloc(1), { isFinal: false }), clientFrame(2, Buffer.alloc(1))]),
    ],
    ["of control in fragments", clientFrame(9, Buffer.alloc(1), { isFinal: false })],
    ["of control that is long", clientFrame(9, Buffer.alloc(126))],
    ["without an end", Buffer.of(0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4)],
  ])("a frame %s is none of a client's", (_how, bytes) => {
    expect(() => readAll(bytes, 1)).toThrow();
  });

  it("never break the reader otherwise", () => {
    assert(
      property(uint8Array({ maxLength: 2000 }), integer({ min: 1, max: 100 }), (bytes, pieceBytes) => {
        try {
          readAll(Buffer.from(bytes), pieceBytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          expect(error).not.toBeInstanceOf(RangeError);
        }
      }),
      { seed: 20_261_122, numRuns: 2000 },
    );
  });
});
