import { stringify } from "yaml";
import { DOCUMENTS, type DocumentKind, type Settings } from "./settings.ts";

/** The configuration in effect as a file that would give it again. */
export function printSettings(settings: Settings): string {
  const documents = (Object.keys(DOCUMENTS) as DocumentKind[]).map((kind) =>
    stringify(configurationOf(kind, settings)),
  );
  return documents.join("---\n");
}

/** One document of the configuration in effect, with all defaults. */
export function configurationOf(kind: DocumentKind, settings: Settings): Record<string, unknown> {
  return { apiVersion: DOCUMENTS[kind].apiVersion, kind, ...fieldsOf(kind, settings) };
}

function fieldsOf(kind: DocumentKind, settings: Settings): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  const values: Readonly<Record<string, unknown>> = settings;
  for (const [key, row] of Object.entries(DOCUMENTS[kind].rows)) {
    const shown = row.kind.show(values[key]);
    if (shown !== undefined) setDeep(fields, key.split("."), shown);
  }
  return fields;
}

function setDeep(into: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name = "", ...rest] = path;
  if (rest.length === 0) {
    into[name] = value;
    return;
  }
  const below = (into[name] ?? {}) as Record<string, unknown>;
  into[name] = below;
  setDeep(below, rest, value);
}
