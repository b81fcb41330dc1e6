import { OWN_FLAGS } from "../../../src/cmd/config/flags.ts";
import { ALL_ROWS } from "../../../src/cmd/config/settings.ts";
import { flagTerm, heading, type ManualPage, plain, terms } from "./mdoc.ts";
import { defaultWords } from "./setting.ts";

/** berthd(8), from the table of settings. */
export function berthdPage(): ManualPage {
  const own = Object.entries(OWN_FLAGS).map(
    ([name, { argument, help }]) => [flagTerm({ name, argument }), plain(help)] as const,
  );
  const settings = ALL_ROWS.flatMap(({ key, row }) => {
    if (row.flag === undefined) return [];
    const term = flagTerm({ name: row.flag, short: row.short, argument: row.kind.argument });
    const note = row.pending ? " This version does not act on it yet." : "";
    return [[term, plain(`${row.help}${note}`), plain(`In a file: \`${key}\`${defaultWords(row)}.`)] as const];
  });
  const environment = ALL_ROWS.flatMap(({ row }) =>
    row.env === undefined ? [] : [[`Ev ${row.env}`, plain(`Like \`--${row.flag ?? ""}\`, which wins.`)] as const],
  );
  return {
    name: "berthd",
    section: 8,
    body: [
      heading("NAME"),
      ".Nm berthd",
      ".Nd run Kubernetes pods from a directory of manifests",
      heading("SYNOPSIS"),
      ".Nm",
      ".Op Ar flags",
      heading("DESCRIPTION"),
      ".Nm",
      "watches the manifest directory and runs the pods in it through a container runtime, with the semantics of Kubernetes",
      "and without an API server.",
      "A manifest that is dropped in begins a pod, a changed one replaces it, a removed one ends it; one that breaks changes",
      "nothing, and is shown by",
      ".Xr berth 1",
      "until it is mended.",
      ".Pp",
      "It is run as a service.",
      "When it ends, by itself or by force, its pods go on running, and the next start takes them over.",
      heading("OPTIONS"),
      ...terms([...own, ...settings]),
      heading("SIGNALS"),
      ...terms([
        ["SIGTERM , SIGINT", plain("Leave. No container is touched. A second one ends it at once.")],
        ["SIGHUP", plain("Read the configuration and the manifests again. See RELOADING.")],
      ]),
      heading("RELOADING"),
      plain("`systemctl reload berthd` checks the configuration first and fails without a change when it is broken."),
      plain(
        "When settings differ, berthd takes itself down and up again inside the running process: no container is touched.",
      ),
      plain("Otherwise only the manifests are read again."),
      heading("ENVIRONMENT"),
      ...terms([
        ...environment,
        ["Ev NOTIFY_SOCKET , Ev WATCHDOG_USEC", plain("Set by the service manager; see `sd_notify(3)`.")],
      ]),
      heading("FILES"),
      ...terms([
        ["Pa /etc/berth/config.yaml", plain("The configuration. May be missing.")],
        ["Pa /etc/berth/config.d/*.conf", plain("Drop-ins, in the order of their names.")],
        ["Pa /etc/berth/manifests", plain("The manifests.")],
        ["Pa /var/lib/berth", plain("State: what was accepted, volumes, the journal of events.")],
        [
          "Pa /var/log/pods , Pa /var/log/containers",
          plain("Logs of containers, and links to them for log collectors."),
        ],
        ["Pa /run/berth", plain("Sockets.")],
      ]),
      heading("EXIT STATUS"),
      plain(
        "0 after a signal, 1 when it could not start or the configuration is broken, 2 for flags that make no sense.",
      ),
      heading("SEE ALSO"),
      ".Xr berth 1 ,",
      ".Xr berth-config 5 ,",
      ".Xr berth-manifests 5 ,",
      ".Xr containerd 8 ,",
      ".Xr systemd.service 5",
    ],
  };
}
