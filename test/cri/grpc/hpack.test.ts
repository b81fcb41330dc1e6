import { describe, expect, it } from "vitest";
import { packFields, unpackFields } from "../../../src/cri/grpc/hpack.ts";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const fieldsOf = (text: string) => [...unpackFields(hex(text))];

describe("fields that are unpacked", () => {
  it.each([
    ["one that has a number", "88", [[":status", "200"]]],
    ["a text with a name that has a number", "04 0c 2f73 616d 706c 652f 7061 7468", [[":path", "/sample/path"]]],
    [
      "a new name",
      "40 0a 6375 7374 6f6d 2d6b 6579 0d 6375 7374 6f6d 2d68 6561 6465 72",
      [["custom-key", "custom-header"]],
    ],
    ["one that is never kept", "10 08 7061 7373 776f 7264 06 7365 6372 6574", [["password", "secret"]]],
    [
      "a text in codes",
      "82 86 84 41 8c f1e3 c2e5 f23a 6ba0 ab90 f4ff",
      [
        [":method", "GET"],
        [":scheme", "http"],
        [":path", "/"],
        [":authority", "www.example.com"],
      ],
    ],
    [
      "name and value in codes",
      "40 88 25a8 49e9 5ba9 7d7f 89 25a8 49e9 5bb8 e8b4 bf",
      [["custom-key", "custom-value"]],
    ],
    [
      "codes of every length",
      "61 96 d07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff",
      [["date", "Mon, 21 Oct 2013 20:13:21 GMT"]],
    ],
    ["a table that is closed", "20 88", [[":status", "200"]]],
  ])("%s", (_, bytes, fields) => {
    expect(fieldsOf(bytes)).toEqual(fields);
  });

  it.each([
    ["a number that stands for nothing", "be"],
    ["number 0", "80"],
    ["a table", "3f e1 1f"],
    ["half a field", "40 0a 6375"],
    ["half a number", "7f"],
    ["a number without end", "7f ff ff ff ff ff ff 01"],
    ["the code of the end", "00 84 ff ff ff ff 00"],
    ["half a code", "00 81 f0 00"],
  ])("are none with %s", (_, bytes) => {
    expect(() => fieldsOf(bytes)).toThrow(RangeError);
  });

  it("are the same as were packed, also long ones", () => {
    const fields = [
      ["a", ""],
      ["long", "x".repeat(20_000)],
      ["path", "/runtime.v1/ExecSync"],
    ] as const;
    expect([...unpackFields(packFields(fields))]).toEqual(fields);
  });
});
