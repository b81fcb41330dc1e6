import type { FieldRow } from "../../../src/manifest/fields/row.ts";
import { FIELDS } from "../../../src/manifest/supported.ts";
import { PROBLEM_CODES } from "../../../src/pod/problem.ts";
import { display, heading, type ManualPage, plain, terms } from "./mdoc.ts";

/** berth-manifests(5); what is supported and what can be wrong comes from the code's own tables. */
export function berthManifestsPage(): ManualPage {
  return {
    name: "berth-manifests",
    section: 5,
    body: [
      heading("NAME"),
      ".Nm berth-manifests",
      ".Nd pods as files",
      heading("DESCRIPTION"),
      ".Xr berthd 8",
      plain("reads every file of `/etc/berth/manifests` whose name ends in `.yaml`, `.yml` or `.json`."),
      plain("A file holds one or many documents of `v1`: Pods, Lists of them, ConfigMaps and Secrets."),
      plain("Subdirectories and names that begin with a dot are left alone."),
      ".Pp",
      plain(
        "Write a new file beside the directory and rename it into place, or write it there at once: a file counts once it",
      ),
      plain("has stood still for a few milliseconds."),
      heading("THE LIFE OF A POD"),
      ...terms([
        ["Sy A file appears", plain("Its pods begin.")],
        [
          "Sy A file changes",
          plain(
            "Pods that differ are replaced: the old one ends with its grace period and hooks, then the new one begins.",
          ),
        ],
        ["Sy A file is removed or renamed", plain("Its pods end; under a new name they are new pods.")],
        [
          "Sy A file breaks",
          plain(
            "Nothing that runs is touched, across restarts of berthd too. The problem is shown until it is mended.",
          ),
        ],
        [
          "Sy The directory cannot be read",
          plain("Nothing changes. A pod ends only when its file is gone from a directory that was read whole."),
        ],
        [
          "Sy Two documents name one pod",
          plain("The one that held the name keeps it; the other takes over when that one goes."),
        ],
      ]),
      heading("FIELDS"),
      plain(
        "Every field of Kubernetes 1.36 is known. These types have fields that are refused, or accepted without a meaning on a",
      ),
      plain("node; all other fields are honoured. Refusing says so in a problem; nothing is silently ignored."),
      ...terms(fieldRows()),
      heading("PROBLEMS"),
      plain("`berth get problems` shows each with its place, what is wrong and what to do."),
      ...terms(Object.entries(PROBLEM_CODES).map(([code, meaning]) => [`Ic ${code}`, plain(`${meaning}.`)] as const)),
      heading("EXAMPLES"),
      ...display([
        "apiVersion: v1",
        "kind: Pod",
        "metadata:",
        "  name: hello",
        "spec:",
        "  containers:",
        "    - name: web",
        "      image: busybox:1.36",
        '      command: ["httpd", "-f", "-p", "8080"]',
        "      ports:",
        "        - { containerPort: 8080, hostPort: 8080 }",
      ]),
      heading("SEE ALSO"),
      ".Xr berth 1 ,",
      ".Xr berth-config 5 ,",
      ".Xr berthd 8",
    ],
  };
}

function fieldRows(): (readonly [string, ...string[]])[] {
  return Object.entries(FIELDS).flatMap(([type, rows]) => {
    const named = (kind: FieldRow["kind"]): string =>
      Object.entries(rows)
        .flatMap(([field, row]) => (row.kind === kind ? [field] : []))
        .join(", ");
    const [refused, idle] = [named("refused"), named("idle")];
    const lines = [
      ...(refused === "" ? [] : [plain(`Refused: ${refused}.`)]),
      ...(idle === "" ? [] : [plain(`Without a meaning: ${idle}.`)]),
    ];
    return lines.length === 0 ? [] : [[`Sy ${type}`, ...lines] as const];
  });
}
