import { findKubelet } from "../../host/kubelet.ts";
import { bad, type Finding, good, unknown, warning } from "./finding.ts";
import type { Ground, RuntimeAnswers } from "./ground.ts";

/** The socket, what stands behind it, its version and conditions. */
export function checkRuntime({ settings, runtime }: Ground): Finding[] {
  const socket = settings.runtimeEndpoint.replace(/^unix:\/\//, "");
  switch (runtime.kind) {
    case "silent":
      return [bad("runtime socket", `${socket}: ${runtime.message}`, silentFix(runtime.code, socket))];
    case "noCri":
      return [
        good("runtime socket", `somebody answers on ${socket}`),
        bad(
          "CRI",
          `what answers on ${socket} does not speak CRI: ${runtime.message}`,
          'take "cri" out of disabled_plugins in /etc/containerd/config.toml (Docker\'s packages put it there), then: systemctl restart containerd',
        ),
      ];
    case "answers":
      return [
        good("runtime socket", `somebody answers on ${socket}`),
        versionFinding(runtime),
        ...runtime.conditions
          .filter(({ type }) => type === "RuntimeReady" || type === "NetworkReady")
          .map(conditionFinding),
      ];
  }
}

function silentFix(code: string, socket: string): string {
  switch (code) {
    case "EACCES":
      return "become root: the runtime's socket is root's";
    case "ENOENT":
      return `install containerd and start it (systemctl enable --now containerd), or set containerRuntimeEndpoint to where it listens; there is no ${socket}`;
    case "ECONNREFUSED":
      return "nobody listens any more: systemctl restart containerd, and read journalctl -u containerd when that does not help";
    default:
      return "look at the runtime: systemctl status containerd, journalctl -u containerd";
  }
}

type Answers = Extract<RuntimeAnswers, { kind: "answers" }>;

function versionFinding({ name, version }: Answers): Finding {
  const [, major = "0", minor = "0"] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  const rank = Number(major) * 100 + Number(minor);
  if (name !== "containerd") return unknown("CRI", `${name} ${version}: Berth is tested with containerd`);
  if (rank < 106) return bad("CRI", `containerd ${version} is too old`, "install containerd 1.6 or newer");
  if (rank < 107) {
    return warning(
      "CRI",
      `containerd ${version} has no event stream: Berth looks once a second what has happened`,
      "install containerd 2.0 or newer for faster restarts and less work",
    );
  }
  if (rank < 200) {
    return good(
      "CRI",
      `containerd ${version}, with an event stream for one listener: Berth looks once a second as well`,
    );
  }
  return good("CRI", `containerd ${version}, with an event stream`);
}

function conditionFinding(condition: Answers["conditions"][number]): Finding {
  const { type, status, reason, message } = condition;
  if (status) return good(type, "yes");
  const words = [reason, message].filter(Boolean).join(": ");
  const fix =
    type === "NetworkReady"
      ? "see what is said about the CNI list below; berth doctor --fix writes one"
      : "read the runtime's log: journalctl -u containerd";
  return bad(type, words || "no", fix);
}

/** Another agent on the same runtime would end Berth's pods, as Berth would its. */
export async function checkKubelet({ settings, runtime, signal, root }: Ground): Promise<Finding[]> {
  const found = await findKubelet(settings.runtimeEndpoint, signal, `${root}/proc`).catch(() => undefined);
  const fix = "stop and disable it (systemctl disable --now kubelet), or give berthd a runtime of its own";
  const say = settings.allowKubelet ? warning : bad;
  if (found !== undefined)
    return [say("kubelet", `${found.program} (process ${found.pid}) manages this runtime already`, fix)];
  const foreign = runtime.kind === "answers" ? runtime.foreignPods : 0;
  if (foreign === 0) return [good("kubelet", "no other agent manages this runtime")];
  return [
    say(
      "kubelet",
      `the runtime holds ${foreign} pods that another agent made`,
      `end them first (crictl pods, crictl rmp -f); ${fix}`,
    ),
  ];
}
