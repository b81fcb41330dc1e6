/** What Berth makes of one field of a pod (D4). */
export type FieldRow =
  /** It does what Kubernetes says of it. test/manifest/fields names for each the test that sees its effect. */
  | { readonly kind: "honoured" }
  /** Accepted, but without meaning on a node; `why` goes into the documentation. */
  | { readonly kind: "idle"; readonly why: string }
  | Refusal;

export type Refusal = {
  readonly kind: "refused";
  /** `reference`: needs an API server (F16); `unsupported`: Berth has no such thing (D4). */
  readonly cause: "reference" | "unsupported";
  readonly message: string;
  readonly advice: string;
};

/** A row for every field of a type: one that is missing does not compile. */
export type Rows<T> = { readonly [K in keyof Required<T>]: FieldRow };

export const yes: FieldRow = { kind: "honoured" };

export const idle = (why: string): FieldRow => ({ kind: "idle", why });

/** A field that points at something which only an API server has. */
export const reference = (what: string, advice: string): FieldRow => ({
  kind: "refused",
  cause: "reference",
  message: `Forbidden: static pods may not reference ${what}`,
  advice,
});

/** A field for which Berth has no such thing. */
export const unsupported = (advice: string, detail = "Berth does not support this field"): FieldRow => ({
  kind: "refused",
  cause: "unsupported",
  message: `Forbidden: ${detail}`,
  advice,
});
