import { CONTAINER_ROWS } from "./fields/container.ts";
import { POD_ROWS } from "./fields/pod.ts";
import type { FieldRow, Refusal } from "./fields/row.ts";
import { VOLUME_ROWS } from "./fields/volumes.ts";
import { fieldsOf } from "./shapes.ts";

/**
 * The one table of fields (D4): of every type that a pod's spec is made of, what becomes of each field. Validation, its
 * problems and docs/pod-fields.md follow from it. A type without rows is only found below fields that are refused or idle,
 * whose lot it shares.
 */
export const FIELDS: Readonly<Record<string, Readonly<Record<string, FieldRow>>>> = {
  ...POD_ROWS,
  ...CONTAINER_ROWS,
  ...VOLUME_ROWS,
};

/** Why a field is refused; undefined when it is honoured or idle. */
export function refusalOf(type: string, field: string): Refusal | undefined {
  const rows = Object.hasOwn(FIELDS, type) ? FIELDS[type] : undefined;
  const row = rows !== undefined && Object.hasOwn(rows, field) ? rows[field] : undefined;
  return row?.kind === "refused" ? row : undefined;
}

/** One field of the spec of a pod with its row: its own, or that of the field above it which nothing below can change. */
export type PodField = {
  readonly type: string;
  readonly field: string;
  readonly row: FieldRow;
  /** `Type.field` of the field above, when the row is that one's. */
  readonly below?: string;
};

/** Every field of every type below PodSpec, once, types in the order in which they are met. Throws when one has no row. */
export function podFields(): readonly PodField[] {
  const found: PodField[] = [];
  const met = new Map<string, string | undefined>([["PodSpec", undefined]]);
  // Types that may hold something of their own first: what is reached both ways has its own rows.
  const own = reach(["PodSpec"], ({ kind }) => kind === "honoured");
  for (const type of own) found.push(...ownFields(type));
  const inherited = found.filter(({ row }) => row.kind !== "honoured");
  for (const type of own) met.set(type, undefined);
  const queue = inherited.map((one) => ({ ...one, base: fieldsOf(one.type)?.get(one.field)?.base ?? "" }));
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { base: type, row } = next;
    const fields = fieldsOf(type);
    if (fields === undefined || met.has(type)) continue;
    const below = next.below ?? `${next.type}.${next.field}`;
    met.set(type, below);
    for (const [field, { base }] of fields) {
      found.push({ type, field, row, below });
      queue.push({ type, field, row, below, base });
    }
  }
  return found;
}

/** Types reached from these through fields whose row passes. */
function reach(from: readonly string[], through: (row: FieldRow) => boolean): readonly string[] {
  const types = [...from];
  for (const type of types) {
    for (const { field, row } of ownFields(type)) {
      const base = fieldsOf(type)?.get(field)?.base ?? "";
      if (through(row) && fieldsOf(base) !== undefined && !types.includes(base)) types.push(base);
    }
  }
  return types;
}

function ownFields(type: string): readonly PodField[] {
  return [...(fieldsOf(type)?.keys() ?? [])].map((field) => {
    const row = FIELDS[type]?.[field];
    if (row === undefined) throw new Error(`${type}.${field} has no row in the table of fields`);
    return { type, field, row };
  });
}
