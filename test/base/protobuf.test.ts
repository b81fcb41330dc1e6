import fc from "fast-check";
import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import { makeCodec } from "../../src/base/protobuf.ts";
import { MESSAGES } from "../../src/cri/generated/tables.ts";

const codec = makeCodec(MESSAGES);
const tables: Readonly<Record<string, string>> = MESSAGES;
const root = new protobuf.Root().loadSync("proto/runtime/v1/api.proto", { keepCase: true });

/** Any message of the table, with fields left out at will. */
function drafts(name: string): fc.Arbitrary<object> {
  const fields = (tables[name] ?? "").split(" ").filter((field) => field !== "");
  const shape = fields.map((field) => {
    const [, key = "", type = "", list] = /^(\w+)=\d+:(\w+)(\[\])?$/.exec(field) ?? [];
    return [key, list === undefined ? values(type) : fc.array(values(type), { maxLength: 3 })] as const;
  });
  return fc.record(Object.fromEntries(shape), { requiredKeys: [] });
}

function values(type: string): fc.Arbitrary<unknown> {
  switch (type) {
    case "string":
      return fc.string({ unit: "grapheme", maxLength: 200 });
    case "bytes":
      return fc.uint8Array({ maxLength: 300 });
    case "bool":
      return fc.boolean();
    case "int32":
    case "enum":
      return fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    case "uint32":
      return fc.integer({ min: 0, max: 2 ** 32 - 1 });
    case "int64":
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case "uint64":
      return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    case "double":
      return fc.double({ noNaN: true });
    case "map":
      return fc.dictionary(fc.string(), fc.string());
    default:
      return drafts(type);
  }
}

/** The other implementation's words for a message: 64-bit numbers as texts, bytes as lists. */
function comparable(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return value === 0 ? 0 : value;
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== "object" || value === null) return value ?? undefined;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, comparable(one)]));
}

function readByOther(name: string, bytes: Uint8Array): unknown {
  const type = root.lookupType(`runtime.v1.${name}`);
  return type.toObject(type.decode(bytes), { longs: String, defaults: true, arrays: true, objects: true });
}

function writtenByOther(name: string, draft: object): Buffer {
  const type = root.lookupType(`runtime.v1.${name}`);
  return Buffer.from(type.encode(type.fromObject(comparable(draft) as object)).finish());
}

const BIG = ["CreateContainerRequest", "RunPodSandboxRequest", "ContainerEventResponse", "ListContainersResponse"];
const ODD = [
  "PodSandboxStats",
  "ExecSyncResponse",
  "LinuxContainerUser",
  "PsiData",
  "StatusResponse",
  "PullImageRequest",
];

describe.each([...BIG, ...ODD])("%s", (name) => {
  it("is read by another implementation as it was written", () => {
    fc.assert(
      fc.property(drafts(name), (draft) => {
        const bytes = codec.encode(name, draft);
        expect(comparable(codec.decode(name, bytes))).toEqual(comparable(readByOther(name, bytes)));
      }),
      { numRuns: 60 },
    );
  });

  it("is read as another implementation wrote it", () => {
    fc.assert(
      fc.property(drafts(name), (draft) => {
        const bytes = writtenByOther(name, draft);
        expect(comparable(codec.decode(name, bytes))).toEqual(comparable(readByOther(name, bytes)));
      }),
      { numRuns: 60 },
    );
  });
});

describe("a decoded message", () => {
  it("has every field, messages that were not sent as undefined", () => {
    expect(codec.decode("PodSandboxStatusResponse", Buffer.alloc(0))).toStrictEqual({
      status: undefined,
      info: {},
      containers_statuses: [],
      timestamp: 0n,
    });
  });

  it("tells a wrapper with zero from no wrapper", () => {
    const sent = codec.encode("LinuxContainerSecurityContext", { run_as_user: { value: 0n } });
    const received = codec.decode("LinuxContainerSecurityContext", sent) as Record<string, unknown>;
    expect(received.run_as_user).toEqual({ value: 0n });
    expect(received.run_as_group).toBeUndefined();
  });

  it("keeps every nanosecond and byte count", () => {
    for (const exact of [2n ** 53n + 1n, 1_790_000_000_123_456_789n, 2n ** 63n - 1n, -(2n ** 63n), -1n]) {
      const sent = codec.encode("Container", { created_at: exact });
      expect(codec.decode("Container", sent)).toMatchObject({ created_at: exact });
    }
    const sent = codec.encode("HugepageLimit", { limit: 2n ** 64n - 1n });
    expect(codec.decode("HugepageLimit", sent)).toMatchObject({ limit: 2n ** 64n - 1n });
  });

  it("keeps enum values that have no name", () => {
    for (const state of [99, -3]) {
      expect(codec.decode("Container", codec.encode("Container", { state }))).toMatchObject({ state });
    }
  });

  it("passes over fields that it does not know, of every wire type", () => {
    const future = Buffer.from([0x98, 0x06, 0x01, 0x9a, 0x06, 0x02, 0x61, 0x62, 0x99, 0x06, 0, 0, 0, 0, 0, 0, 0, 0]);
    const fixed32 = Buffer.from([0x9d, 0x06, 0, 0, 0, 0]);
    const known = codec.encode("VersionRequest", { version: "v1" });
    expect(codec.decode("VersionRequest", Buffer.concat([future, known, fixed32]))).toEqual({ version: "v1" });
  });

  it("reads lists of numbers that were not packed", () => {
    expect(codec.decode("PortForwardRequest", Buffer.from([0x10, 80, 0x10, 81]))).toMatchObject({ port: [80, 81] });
  });

  it("keeps a label by the name of __proto__", () => {
    const labels = JSON.parse('{"__proto__":"x","a":"b"}') as Record<string, string>;
    const received = codec.decode("PodSandbox", codec.encode("PodSandbox", { labels })) as { labels: object };
    expect(Object.entries(received.labels)).toEqual([
      ["__proto__", "x"],
      ["a", "b"],
    ]);
  });

  it("nests messages of every length that has its own width", () => {
    for (const length of [100, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152]) {
      const reason = "x".repeat(length);
      const received = codec.decode("RuntimeStatus", codec.encode("RuntimeStatus", { conditions: [{ reason }] }));
      expect((received as { conditions: [{ reason: string }] }).conditions[0].reason).toHaveLength(length);
    }
  });
});

describe("what is not a message", () => {
  it("gives a RangeError or something readable, never a hang or another error", () => {
    fc.assert(
      fc.property(fc.constantFrom(...BIG, ...ODD), fc.uint8Array({ maxLength: 200 }), (name, bytes) => {
        try {
          codec.decode(name, Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("is refused when it holds messages without end, two bytes each", () => {
    const empty = Buffer.from("0a00".repeat(600_000), "hex");
    expect(() => codec.decode("ListContainersResponse", empty)).toThrow("more than 500000 messages");
    expect(codec.decode("ListContainersResponse", empty.subarray(0, 2000))).toHaveProperty("containers.length", 1000);
  });

  it("is refused when it was cut off anywhere but between two fields", () => {
    const whole = codec.encode("Container", { id: "abc", metadata: { name: "app", attempt: 3 }, labels: { a: "b" } });
    const ends = Array.from({ length: whole.length }, (_, length) => length).filter((length) => {
      try {
        codec.decode("Container", whole.subarray(0, length));
        return true;
      } catch {
        return false;
      }
    });
    expect(ends).toEqual([0, 5, 14]);
  });

  it.each([
    ["Container", { created_at: 2n ** 63n }],
    ["HugepageLimit", { limit: -1n }],
    ["PortMapping", { host_port: 2 ** 31 }],
    ["PodSandboxMetadata", { attempt: -1 }],
    ["PodSandboxMetadata", { attempt: 1.5 }],
  ])("%s with a number out of range cannot be sent", (name, message) => {
    expect(() => codec.encode(name, message)).toThrow(RangeError);
  });
});
