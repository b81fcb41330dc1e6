import type { Command } from "./command.ts";
import { identityOf, nameOf, shortName } from "./compiled.ts";
import { writeManifest } from "./manifest-directory.ts";
import { type Proposal, readProposals } from "./proposals.ts";

export const apply: Command = {
  usage: "-f FILE...",
  help: "Check manifests, then put them into berthd's manifest directory.",
  flags: ["filename", "prune", "dry-run"],
  examples: ["berth apply -f web.yaml", "berth apply -f manifests/ --dry-run", "generate | berth apply -f -"],
  async run(call) {
    const { proposals } = await readProposals(call);
    const dry = call.has("dry-run");
    for (const proposal of proposals) {
      const lines = outcomes(proposal);
      const changed = lines.some(({ outcome }) => outcome !== "unchanged");
      if (changed && !dry) await writeManifest(proposal.path, proposal.bytes, modeOf(proposal));
      const text = lines.map(({ name, outcome }) => `${shortName(name)} ${outcome}${dry ? " (dry run)" : ""}\n`);
      await call.terminal.out.write(text.join(""));
      if (changed) await call.terminal.err.write(`${dry ? "would be written" : "written"} to ${proposal.path}\n`);
    }
    return 0;
  },
};

/** Files with secrets are root's alone. */
function modeOf({ compiled }: Proposal): number {
  const hasSecret = compiled.documents.some((document) => nameOf(document)?.startsWith("secret/"));
  return hasSecret ? 0o600 : 0o644;
}

function outcomes({ compiled, before, gone }: Proposal): { name: string; outcome: string }[] {
  const known = new Map((before?.compiled.documents ?? []).map((document) => [nameOf(document), identityOf(document)]));
  const now = compiled.documents.flatMap((document) => {
    const name = nameOf(document);
    if (name === undefined) return [];
    const outcome = !known.has(name)
      ? "created"
      : known.get(name) === identityOf(document)
        ? "unchanged"
        : "configured";
    return [{ name, outcome }];
  });
  return [...now, ...gone.map((name) => ({ name, outcome: "removed" }))];
}
