import fc from "fast-check";

/** Bytes that mean something to YAML and JSON, and some that mean harm. */
export const spice = fc.constantFrom(
  ...["\0", "\ufeff", "\t", "\r", "\u2028", "&a ", "*a", "<<: *a", "!!binary ", "!x ", "? ", "- ", ": ", "|\n", ">-\n"],
  ...["---\n", "...\n", "%YAML 1.1\n", "{", "}", "[", "]", "'", '"', "#", "\\", "__proto__: ", "0x", "1e999", "~"],
  ...[
    "constructor: {}",
    "99999999999999999999999",
    "\u00a0",
    "\ud800",
    "apiVersion: v1\n",
    "kind: Pod\n",
    "\n  ",
    "\n",
  ],
);

const edit = fc.record({ at: fc.nat(), length: fc.nat(40), text: fc.oneof(spice, fc.string({ maxLength: 8 })) });

/** One of these texts with a few places cut out, put in or written over. */
export function editedText(texts: readonly string[], most = 12): fc.Arbitrary<string> {
  return fc.tuple(fc.constantFrom(...texts), fc.array(edit, { minLength: 1, maxLength: most })).map(([text, edits]) =>
    edits.reduce((now, { at, length, text: put }) => {
      const from = at % (now.length + 1);
      return now.slice(0, from) + put + now.slice(from + length);
    }, text),
  );
}

type Blow =
  | { readonly kind: "set"; readonly at: number; readonly value: number }
  | { readonly kind: "flip"; readonly at: number; readonly bit: number }
  | { readonly kind: "cut"; readonly at: number; readonly length: number }
  | { readonly kind: "end"; readonly at: number }
  | { readonly kind: "put"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: "repeat"; readonly at: number; readonly length: number };

/** A way in which a disk, a wire or somebody else damages bytes. */
export const blow: fc.Arbitrary<Blow> = fc.oneof(
  fc.record({ kind: fc.constant("set" as const), at: fc.nat(), value: fc.nat(255) }),
  fc.record({ kind: fc.constant("flip" as const), at: fc.nat(), bit: fc.nat(7) }),
  fc.record({ kind: fc.constant("cut" as const), at: fc.nat(), length: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ kind: fc.constant("end" as const), at: fc.nat() }),
  fc.record({ kind: fc.constant("put" as const), at: fc.nat(), bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }) }),
  fc.record({ kind: fc.constant("repeat" as const), at: fc.nat(), length: fc.integer({ min: 1, max: 200 }) }),
);

/** The bytes after these blows. */
export function struck(bytes: Buffer, blows: readonly Blow[]): Buffer {
  let now = Buffer.from(bytes);
  for (const one of blows) {
    const at = now.length === 0 ? 0 : one.at % now.length;
    switch (one.kind) {
      case "set":
        if (now.length > 0) now[at] = one.value;
        break;
      case "flip":
        if (now.length > 0) now[at] = (now[at] ?? 0) ^ (1 << one.bit);
        break;
      case "cut":
        now = Buffer.concat([now.subarray(0, at), now.subarray(at + one.length)]);
        break;
      case "end":
        now = Buffer.from(now.subarray(0, at));
        break;
      case "put":
        now = Buffer.concat([now.subarray(0, at), one.bytes, now.subarray(at)]);
        break;
      case "repeat":
        now = Buffer.concat([now.subarray(0, at + one.length), now.subarray(at)]);
        break;
    }
  }
  return now;
}

/** Values that are wrong wherever they stand. */
export const strange = fc.constantFrom<unknown>(
  ...[
    null,
    true,
    false,
    0,
    -1,
    1.5,
    2 ** 31,
    2 ** 40,
    2 ** 63,
    1e300,
    -1e300,
    "",
    "x",
    "\0",
    "a\nb",
    "..",
    "/",
    "\ud800",
  ],
  ...["__proto__", "constructor", "y".repeat(5000), [], {}, [[]], [null], { toString: 1 }, { length: 3 }, "0", "true"],
);

/** What is done to one place of a value: the place is found by counting through it. */
const change = fc.record({
  at: fc.nat(400),
  how: fc.constantFrom("replace" as const, "remove" as const, "rename" as const, "double" as const),
  value: strange,
});

/** A JSON value with a few of its places replaced, removed, renamed or doubled. */
export function changedValue(from: unknown, most = 3): fc.Arbitrary<unknown> {
  return fc.array(change, { minLength: 1, maxLength: most }).map((changes) => {
    const root = { value: structuredClone(from) };
    for (const one of changes) {
      const all = placesIn(root);
      const place = all[one.at % all.length];
      if (place !== undefined) alter(place.holder, place.key, one.how, one.value);
    }
    return root.value;
  });
}

type Holder = Record<string, unknown>;

function placesIn(value: unknown): { holder: Holder; key: string }[] {
  if (typeof value !== "object" || value === null) return [];
  const holder = value as Holder;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...placesIn(holder[key])]);
}

function alter(holder: Holder, key: string, how: "replace" | "remove" | "rename" | "double", value: unknown): void {
  const old = holder[key];
  switch (how) {
    case "replace":
      holder[key] = structuredClone(value);
      return;
    case "remove":
      delete holder[key];
      return;
    case "rename":
      if (Array.isArray(holder)) return;
      delete holder[key];
      Object.defineProperty(holder, nameOf(value), {
        value: old,
        enumerable: true,
        configurable: true,
        writable: true,
      });
      return;
    case "double":
      holder[key] = [old, structuredClone(old)];
      return;
  }
}

const nameOf = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
