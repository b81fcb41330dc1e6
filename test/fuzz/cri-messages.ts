import fc from "fast-check";
import { MESSAGES, METHODS } from "../../src/cri/generated/tables.ts";

/** Numbers that a runtime has no reason to send. */
const INT64 = [0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 1_700_000_000_000_000_000n];
const UINT64 = [0n, 1n, 2n ** 64n - 1n, 2n ** 53n];
const INT32 = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 137];
const UINT32 = [0, 1, 2 ** 32 - 1, 2 ** 31];
const DOUBLES = [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e308];
const TEXTS = ["", "x", "\0", "a\nb", "__proto__", "constructor", "é\u2028", "y".repeat(3000), "{", "1e999", "-1"];
/** Names that mean something to the agent. */
const KNOWN = [
  ...["io.kubernetes.pod.uid", "io.kubernetes.pod.name", "io.kubernetes.pod.namespace", "io.kubernetes.container.name"],
  ...["berth.dev/owner", "berth.dev/back-off", "io.kubernetes.container.hash", "io.kubernetes.container.restartCount"],
];
const VALUES = [...TEXTS, "owner-1", "0", "3", "999999999999999", "1.5", "web-node", "app"];

/** What a call may answer, with every field missing, absurd or honest. */
export function answerTo(rpc: keyof typeof METHODS): fc.Arbitrary<object> {
  return messageOf(METHODS[rpc].response, 0);
}

/** A message of this type. */
export function messageOf(name: string, depth: number): fc.Arbitrary<object> {
  const text = (MESSAGES as Readonly<Record<string, string>>)[name] ?? "";
  if (text === "" || depth > 6) return fc.constant({});
  const fields = text.split(" ").map((field) => {
    const [, key = "", type = "", list] = /^(\w+)=\d+:(\w+)(\[\])?$/.exec(field) ?? [];
    const one = fieldOf(type, depth);
    const whole = list === undefined ? one : fc.array(one, { maxLength: 3 });
    return [key, fc.option(whole, { nil: undefined, freq: 4 })] as const;
  });
  return fc.record(Object.fromEntries(fields), { noNullPrototype: true });
}

function fieldOf(type: string, depth: number): fc.Arbitrary<unknown> {
  switch (type) {
    case "int64":
      return fc.constantFrom(...INT64);
    case "uint64":
      return fc.constantFrom(...UINT64);
    case "int32":
    case "enum":
      return fc.constantFrom(...INT32, 2, 3, 4, 99);
    case "uint32":
      return fc.constantFrom(...UINT32);
    case "double":
      return fc.constantFrom(...DOUBLES);
    case "bool":
      return fc.boolean();
    case "string":
      return fc.constantFrom(...VALUES);
    case "bytes":
      return fc.uint8Array({ maxLength: 40 });
    case "map":
      return fc.dictionary(fc.constantFrom(...KNOWN, ...TEXTS), fc.constantFrom(...VALUES), { maxKeys: 9 });
    default:
      return messageOf(type, depth + 1);
  }
}
