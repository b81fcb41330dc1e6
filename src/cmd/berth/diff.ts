import { isDeepStrictEqual } from "node:util";
import type { DesiredPod } from "../../pod/desired.ts";
import type { SeenDocument } from "../../pod/source.ts";
import type * as v1 from "../../pod/v1.ts";
import type { Command } from "./command.ts";
import { nameOf, shortName } from "./compiled.ts";
import { fieldChanges } from "./field-changes.ts";
import type { HeldFile } from "./manifest-directory.ts";
import { type Proposal, readProposals } from "./proposals.ts";
import { CommandFailure } from "./terminal.ts";

export const diff: Command = {
  usage: "-f FILE...",
  help: "Say what would change if files were in the manifest directory. Exit code 0: nothing; 1: something; more: it failed.",
  flags: ["filename", "prune"],
  examples: ["berth diff -f web.yaml"],
  async run(call) {
    try {
      const { proposals, files } = await readProposals(call);
      const { items } = await call.client.get<{ items: v1.Pod[] }>("/v1/pods");
      const texts = proposals.flatMap((proposal) => changesOf(proposal, items, files));
      await call.terminal.out.write(texts.map(({ text }) => text).join(""));
      return texts.some(({ changes }) => changes) ? 1 : 0;
    } catch (error) {
      // 1 means a difference
      throw error instanceof CommandFailure && error.exitCode === 1
        ? new CommandFailure(error.message, DIFF_FAILED)
        : error;
    }
  },
};

const DIFF_FAILED = 3;

type Change = { readonly changes: boolean; readonly text: string };

function changesOf(
  { compiled, gone, before }: Proposal,
  running: readonly v1.Pod[],
  files: readonly HeldFile[],
): Change[] {
  const now = compiled.documents.flatMap((document) => {
    const name = nameOf(document);
    if (name === undefined) return [];
    const say = (changes: boolean, words: string): Change => ({ changes, text: `${shortName(name)}: ${words}\n` });
    return document.kind === "pod"
      ? [podChange(document.pod, running, say)]
      : [configChange(document, before, files, say)];
  });
  return [...now, ...gone.map((name) => ({ changes: true, text: `${shortName(name)}: would be removed\n` }))];
}

type Say = (changes: boolean, words: string) => Change;

function podChange(pod: DesiredPod, running: readonly v1.Pod[], say: Say): Change {
  const now = running.find(({ metadata }) => metadata?.namespace === pod.namespace && metadata.name === pod.name);
  if (now === undefined) return say(true, "would be created");
  const next = { metadata: { labels: pod.labels }, spec: pod.spec };
  const present = { metadata: { labels: now.metadata?.labels ?? {} }, spec: now.spec };
  const fields = fieldChanges(present, next);
  const list = fields.map((line) => `\n    ${line}`).join("");
  if (now.metadata?.uid !== pod.uid) {
    const why = list === "" ? " (an annotation, or the place of its file)" : list;
    return say(true, `would be replaced: it ends with its grace of ${pod.graceSeconds} s, then starts anew${why}`);
  }
  if (isDeepStrictEqual(present, next)) return say(false, "nothing would change");
  const restarted = restartedContainers(now.spec, pod);
  const effect =
    restarted.length === 0
      ? "would be taken over without a restart; containers see it when they restart"
      : `would restart ${restarted.join(", ")}`;
  return say(true, `${effect}${list}`);
}

/** With a UID of its own the pod stays; containers of another image are made anew (S19). */
function restartedContainers(now: v1.PodSpec | undefined, pod: DesiredPod): string[] {
  const images = new Map(
    [...(now?.containers ?? []), ...(now?.initContainers ?? [])].map(({ name, image }) => [name, image]),
  );
  return pod.containers
    .filter(({ name, image, role }) => role !== "init" && images.get(name) !== image)
    .map(({ name }) => name);
}

const RESTART_ANNOTATION = "berth.dev/restart-on-config-change";

function configChange(
  document: Exclude<SeenDocument, { kind: "pod" }>,
  before: HeldFile | undefined,
  files: readonly HeldFile[],
  say: Say,
): Change {
  if (document.kind === "broken") return say(false, "cannot be read");
  const known = before?.compiled.documents.find((other) => other.kind === "config" && other.key === document.key);
  if (known?.kind === "config" && known.version === document.version) return say(false, "nothing would change");
  const users = files
    .flatMap(({ compiled }) => compiled.documents)
    .flatMap((other) => (other.kind === "pod" ? [other.pod] : []))
    .filter(({ documents }) => documents.some(({ key }) => key === document.key));
  const replaced = users.filter(({ annotations }) => annotations[RESTART_ANNOTATION] === "true");
  const others = users.filter((pod) => !replaced.includes(pod));
  const list = (pods: readonly DesiredPod[]): string => pods.map(({ manifestName }) => manifestName).join(", ");
  const effects = [
    ...(replaced.length > 0 ? [`replaces ${list(replaced)} (${RESTART_ANNOTATION})`] : []),
    ...(others.length > 0 ? [`reaches the volumes of ${list(others)} at once, and variables at the next restart`] : []),
  ];
  const verb = known === undefined ? "would be created" : "would change";
  return say(true, [verb, ...effects].join("; "));
}
