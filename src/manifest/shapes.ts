import document from "./shapes.json" with { type: "json" };

/** The shape of one field: what it holds, once, in a list or in a map of texts to it. */
export type FieldShape = {
  /** The name of a type with fields of its own, or a scalar: int32, int64, boolean, string, Quantity, ... */
  readonly base: string;
  readonly form: "one" | "list" | "map";
  readonly required: boolean;
};

const TYPES: Readonly<Record<string, Readonly<Record<string, string>>>> = document.types;
/** @bound Shapes of manifest types: those of the API. */
const read = new Map<string, ReadonlyMap<string, FieldShape>>();

/** The fields of a type of the API; undefined for scalars. Taken apart when first asked for. */
export function fieldsOf(type: string): ReadonlyMap<string, FieldShape> | undefined {
  const known = read.get(type);
  if (known !== undefined) return known;
  if (!Object.hasOwn(TYPES, type)) return undefined;
  const fields = new Map(Object.entries(TYPES[type] ?? {}).map(([name, text]) => [name, shapeOf(text)]));
  read.set(type, fields);
  return fields;
}

function shapeOf(text: string): FieldShape {
  const [written = "", mark] = text.split(" ");
  const required = mark === "required";
  if (written.endsWith("[]")) return { base: written.slice(0, -2), form: "list", required };
  if (written.startsWith("map<")) return { base: written.slice(4, -1), form: "map", required };
  return { base: written, form: "one", required };
}
