import { SUPPORT } from "../src/manifest/supported.ts";

/** docs/fields.md: what becomes of each field of a pod. */
export function fieldsPage(): string {
  return `# Fields

<!-- Made by dev/generate-docs.ts from src/manifest/supported.ts. Do not edit. -->

Every field of a pod of Kubernetes 1.36 is known. All are honoured but those below: some are accepted and have no meaning on
a node by itself, others are refused with a problem, since the pod would not behave as it is written.

${Object.entries(SUPPORT).map(section).join("")}`
    .trimEnd()
    .concat("\n");
}

function section([type, { idle, refused }]: readonly [string, (typeof SUPPORT)[string]]): string {
  if (idle === undefined && refused === undefined) return "";
  const without = idle === undefined ? "" : `Without a meaning: ${idle.split(" ").map(code).join(", ")}.\n\n`;
  const rows = Object.entries(refused ?? {}).map(
    ([field, { message, advice }]) => `| ${code(field)} | ${message.replace("Forbidden: ", "")} | ${advice} |\n`,
  );
  const table = rows.length === 0 ? "" : `| Refused | Why | In its place |\n|---|---|---|\n${rows.join("")}\n`;
  return `## ${type}\n\n${without}${table}`;
}

const code = (word: string): string => `\`${word}\``;
