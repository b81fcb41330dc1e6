import type { Row } from "./row.ts";
import { DOCUMENTS, type DocumentKind } from "./settings.ts";

/** docs/configuration.md, made from the table of settings; a test holds the file and the table together. */
export function configurationPage(): string {
  const lines = [
    "# Configuration",
    "",
    "<!-- Made by dev/generate-docs.ts from src/cmd/config. Do not edit. -->",
    "",
    "`berthd` reads `/etc/berth/config.yaml` (`--config`), then the drop-ins `/etc/berth/config.d/**/*.conf` in the order of",
    "their paths (`--config-dir`), then the environment, then its flags; what comes later wins. Either file may hold one",
    "`KubeletConfiguration` and one `AgentConfiguration`, separated by `---`. In a drop-in, maps are merged key by key, lists",
    "and all else replace what stood before, and `null` takes a value back. Defaults are filled in last.",
    "",
    "An unknown field is an error with file, line and column. A field of the kubelet that has no meaning here is a warning.",
    "`berthd --check-config` reports both and exits with 0 or 1; `berthd --print-config` shows what is in effect.",
    "",
    "Durations are written as Go writes them (`1m30s`, `250ms`); relative paths are relative to the file that names them.",
    "A setting marked *not yet* is read and checked, but this version does not act on it.",
    "",
    "```yaml",
    "apiVersion: kubelet.config.k8s.io/v1beta1",
    "kind: KubeletConfiguration",
    "clusterDNS: [10.96.0.10]",
    "maxPods: 100",
    "---",
    "apiVersion: berth.dev/v1alpha1",
    "kind: AgentConfiguration",
    "nodeLabels: { env: test }",
    "unknownFields: warn",
    "```",
  ];
  for (const kind of Object.keys(DOCUMENTS) as DocumentKind[]) lines.push(...section(kind));
  return `${lines.join("\n")}\n`;
}

function section(kind: DocumentKind): string[] {
  const { apiVersion, rows, meaningless } = DOCUMENTS[kind];
  const table = Object.entries(rows).map(([key, row]) => rowLine(key, row));
  const without = Object.entries(meaningless).map(([key, why]) => `| \`${key}\` | ${why} |`);
  return [
    "",
    `## ${kind} (${apiVersion})`,
    "",
    "| Field | Type | Default | Flag | What it does |",
    "|---|---|---|---|---|",
    ...table,
    ...(without.length === 0
      ? []
      : [
          "",
          "### Fields without a meaning here",
          "",
          "Setting one of these is a warning.",
          "",
          "| Field | Why |",
          "|---|---|",
          ...without,
        ]),
  ];
}

function rowLine(key: string, row: Row<unknown>): string {
  const flags = [row.flag === undefined ? "" : `\`--${row.flag}\``, row.env === undefined ? "" : `\`${row.env}\``];
  const kubelet = row.kubelet === undefined ? "" : ` (kubelet: ${row.kubelet})`;
  const help = `${row.pending ? "*Not yet.* " : ""}${row.help}`;
  const cells = [`\`${key}\``, row.kind.name, `${showDefault(row)}${kubelet}`, flags.filter(Boolean).join(" "), help];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function showDefault(row: Row<unknown>): string {
  const shown = row.kind.show(row.default);
  if (shown === undefined) return "not set";
  if (typeof shown === "string") return shown === "" ? '`""`' : `\`${shown}\``;
  return `\`${JSON.stringify(shown)}\``;
}
