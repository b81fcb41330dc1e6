import { BOUND_FIELDS } from "../src/manifest/compile-bound.ts";
import type { FieldRow } from "../src/manifest/fields/row.ts";
import { type PodField, podFields } from "../src/manifest/supported.ts";
import { FIELD_GROUPS } from "./field-groups.ts";

const WORDS: Readonly<Record<FieldRow["kind"], string>> = {
  honoured: "honoured",
  refused: "refused",
  idle: "no meaning here",
};

/** docs/pod-fields.md: every field below PodSpec with what becomes of it, from the table of fields. */
export function podFieldsPage(): string {
  const fields = podFields();
  const own = Map.groupBy(
    fields.filter(({ below }) => below === undefined),
    ({ type }) => type,
  );
  const inherited = Map.groupBy(
    fields.filter(({ below }) => below !== undefined),
    ({ below = "" }) => below,
  );
  return [
    "# Fields of a pod",
    "",
    "Every field below `PodSpec`, and what Berth makes of it. *Honoured* fields do what Kubernetes says of them. A *refused* field",
    "is a problem with its line, and its document does not run. Fields with *no meaning here* are accepted, so that a manifest",
    "from a cluster runs as it is. This page is made from the table that validation works by (`src/manifest/supported.ts`).",
    "",
    `${fieldCounts(fields)}. \`make fields\` counts them type by type.`,
    ...[...own].flatMap(([type, rows]) => section(type, rows)),
    "",
    "## Pods of an API server",
    "",
    "The server has checked and defaulted them. What is refused above keeps such a pod away as well: it fails with the reason",
    "`PodFeatureUnsupported` and the names of the fields. These are the exceptions:",
    "",
    "| Field | In a pod that the API server has bound to the node |",
    "|---|---|",
    ...Object.entries(BOUND_FIELDS).map(([field, lot]) => `| \`${field}\` | ${lot} |`),
    "",
    "## Types below refused fields and fields without meaning",
    "",
    "All fields of these types share the lot of the field that leads to them.",
    "",
    "| Field above | Lot | Types and fields |",
    "|---|---|---|",
    ...[...inherited].map(
      ([below, rows]) => `| \`${below}\` | ${WORDS[rows[0]?.row.kind ?? "idle"]} | ${typesOf(rows)} |`,
    ),
    "",
    "## Seen from inside",
    "",
    "Each honoured field has a proof of its own in `test/manifest/fields`. These end-to-end tests look at whole groups from inside a",
    "container, on both containerd versions (`make e2e-all`).",
    "",
    "| Group | File | Test |",
    "|---|---|---|",
    ...FIELD_GROUPS.map(({ group, file, title }) => `| ${group} | \`${file}\` | ${title} |`),
    "",
  ].join("\n");
}

/** How many of them there are of each kind, in words. */
export const fieldCounts = (fields: readonly PodField[]): string =>
  `${fields.length} fields: ${count(fields, "honoured")} honoured, ${count(fields, "refused")} refused, ${count(fields, "idle")} without meaning here`;

const count = (fields: readonly PodField[], kind: FieldRow["kind"]): number =>
  fields.filter(({ row }) => row.kind === kind).length;

function section(type: string, rows: readonly PodField[]): readonly string[] {
  const lines = rows.map(({ field, row }) => `| \`${field}\` | ${WORDS[row.kind]} | ${remark(row)} |`);
  return ["", `## ${type}`, "", "| Field | | Why, or what to do |", "|---|---|---|", ...lines];
}

function remark(row: FieldRow): string {
  switch (row.kind) {
    case "honoured":
      return "";
    case "idle":
      return row.why;
    case "refused":
      return `${row.message.replace("Forbidden: ", "")}; ${row.advice}`;
  }
}

const typesOf = (rows: readonly PodField[]): string =>
  [...Map.groupBy(rows, ({ type }) => type)]
    .map(([type, fields]) => `${type} (${fields.map(({ field }) => `\`${field}\``).join(", ")})`)
    .join("; ");
