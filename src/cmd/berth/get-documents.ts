import { type Call, namespaceOf } from "./command.ts";
import { outputForm, type Presentation, printItems } from "./output.ts";
import { ageCell } from "./pod-cells.ts";

/** A ConfigMap or Secret as the sockets' API tells it: without its values. */
type DocumentItem = {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly creationTimestamp: string };
  readonly type?: string;
  readonly immutable?: boolean;
  readonly sizes: Readonly<Record<string, number>>;
  readonly file: string;
};

/** `berth get configmaps` and `berth get secrets`: kubectl's columns, names and sizes. Values are never shown. */
export async function getDocuments(call: Call, names: string[], kind: "configmap" | "secret"): Promise<number> {
  const form = outputForm(call.value("output"));
  const namespace = namespaceOf(call);
  const { items } = await call.client.get<{ items: DocumentItem[] }>(`/v1/${kind}s`, { namespace });
  const wanted = names.length === 0 ? items : items.filter(({ metadata }) => names.includes(metadata.name));
  const missing = names.filter((name) => !wanted.some(({ metadata }) => metadata.name === name));
  if (items.length === 0 && names.length === 0 && (form === "table" || form === "wide")) {
    const where = namespace === undefined ? "No resources found\n" : `No resources found in ${namespace} namespace.\n`;
    await call.terminal.err.write(where);
  } else if (wanted.length > 0 || names.length === 0) {
    const presentation = presentationOf(kind, call.terminal.now(), namespace === undefined);
    await printItems(call, form, wanted, presentation, names.length === 1);
  }
  for (const name of missing) await call.terminal.err.write(`error: ${kind}s "${name}" not found\n`);
  return missing.length > 0 ? 1 : 0;
}

function presentationOf(kind: string, nowMs: number, withNamespace: boolean): Presentation<DocumentItem> {
  const isSecret = kind === "secret";
  return {
    nameOf: ({ metadata }) => `${kind}/${metadata.name}`,
    columns: [
      ...(withNamespace ? [{ heading: "NAMESPACE" }] : []),
      { heading: "NAME" },
      ...(isSecret ? [{ heading: "TYPE" }] : []),
      { heading: "DATA" },
      { heading: "AGE" },
      { heading: "IMMUTABLE", wide: true },
      { heading: "FILE", wide: true },
    ],
    cells: ({ metadata, type = "", sizes, immutable = false, file }) => [
      ...(withNamespace ? [metadata.namespace] : []),
      metadata.name,
      ...(isSecret ? [type] : []),
      `${Object.keys(sizes).length}`,
      ageCell(metadata.creationTimestamp, nowMs),
      `${immutable}`,
      file,
    ],
  };
}
