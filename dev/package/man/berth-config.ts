import { DOCUMENTS, type DocumentKind } from "../../../src/cmd/config/settings.ts";
import { display, heading, type ManualPage, macroWord, plain, terms } from "./mdoc.ts";
import { defaultWords } from "./setting.ts";

/** berth-config(5), from the table of settings. */
export function berthConfigPage(): ManualPage {
  return {
    name: "berth-config",
    section: 5,
    body: [
      heading("NAME"),
      ".Nm berth-config",
      ".Nd configuration of berthd",
      heading("DESCRIPTION"),
      ".Xr berthd 8",
      plain(
        "reads `/etc/berth/config.yaml`, then the drop-ins `/etc/berth/config.d/*.conf` in the order of their paths, then",
      ),
      plain("the environment, then its flags; what comes later wins."),
      plain("A file holds one `KubeletConfiguration`, one `AgentConfiguration`, or both, separated by `---`."),
      plain(
        "In a drop-in, maps are merged key by key, lists and all else replace what stood before, and `null` takes a value",
      ),
      plain("back."),
      ".Pp",
      plain("An unknown field is an error with file, line and column."),
      plain("`berthd --check-config` looks for such errors, `berthd --print-config` shows what is in effect."),
      plain("Durations are written as in `1m30s`; relative paths are relative to the file that names them."),
      ...(Object.keys(DOCUMENTS) as DocumentKind[]).flatMap(section),
      heading("EXAMPLES"),
      ...display([
        "apiVersion: kubelet.config.k8s.io/v1beta1",
        "kind: KubeletConfiguration",
        "maxPods: 100",
        "---",
        "apiVersion: berth.dev/v1alpha1",
        "kind: AgentConfiguration",
        "nodeLabels: { env: test }",
      ]),
      heading("SEE ALSO"),
      ".Xr berth-manifests 5 ,",
      ".Xr berthd 8",
    ],
  };
}

function section(kind: DocumentKind): string[] {
  const { apiVersion, rows } = DOCUMENTS[kind];
  const items = Object.entries(rows).map(([key, row]) => {
    const note = row.pending ? " This version does not act on it yet." : "";
    const kubelet = row.kubelet === undefined ? "" : ` The kubelet's default is ${row.kubelet}.`;
    return [
      `Ic ${macroWord(key)}`,
      plain(`${row.help}${note}${kubelet}`),
      plain(`(${row.kind.name}${defaultWords(row)})`),
    ] as const;
  });
  return [heading(kind.toUpperCase()), plain(`\`apiVersion: ${apiVersion}\`, \`kind: ${kind}\``), ...terms(items)];
}
