import { bad, type Finding, good, type Repair, unknown, warning } from "./finding.ts";
import type { Ground } from "./ground.ts";

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** The image of every pod's own sandbox. `bring` makes the repair that imports one of ours under a name. */
export function checkSandboxImage({ runtime }: Ground, bring: (name: string) => Repair | undefined): Finding {
  const check = "sandbox image";
  if (runtime.kind !== "answers") return unknown(check, "the runtime did not tell");
  const { name, isSure, found } = runtime.sandboxImage;
  if (found === undefined) {
    const text = `${name}${isSure ? "" : ", as this version usually wants it,"} is not on this host: the first pod waits until it is pulled, and none starts without a registry`;
    const fix = `let berth doctor --fix bring one under this name, or pull it: ctr -n k8s.io images pull ${name}`;
    return isSure ? bad(check, text, fix, bring(name)) : warning(check, text, fix, bring(name));
  }
  const wanted = ARCHITECTURES[process.arch] ?? process.arch;
  if (found.architecture !== "" && found.architecture !== wanted) {
    return bad(
      check,
      `${name} is for ${found.architecture}, this host is ${wanted}`,
      `let berth doctor --fix bring the right one, or remove it (ctr -n k8s.io images rm ${name}) and pull that`,
      bring(name),
    );
  }
  if (found.entrypoint.length === 0) {
    const fix =
      "set sandbox_image (pinned_images.sandbox in containerd 2) to a pause image in /etc/containerd/config.toml, or let berth doctor --fix put one under this name";
    return bad(check, `${name} has no program to run: it is no pause image`, fix, bring(name));
  }
  const program = found.entrypoint.join(" ");
  if (!/pause/.test(program)) {
    return warning(
      check,
      `${name} runs ${JSON.stringify(program)}, which may not reap processes nor end when it is told to`,
      "use a pause image: berth doctor --fix does not replace this one, since it may be meant",
    );
  }
  return good(check, `${name} is here`);
}
