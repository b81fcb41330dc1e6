import type { Action, Subject } from "../pod/action.ts";
import type { DesiredVolume } from "../pod/desired.ts";
import type { Picture } from "../pod/plan.ts";
import { act, type Draft, failureKey, hold, waitsAfterFailure } from "./draft.ts";
import { awaited, notFound } from "./env-documents.ts";
import { firstBounds } from "./resize-steps.ts";
import { shownFields } from "./shown-fields.ts";

/** Version of a volume whose content comes from no document. */
const PLAIN = "plain";

/** How far the pod's directories and volumes are. `held`: something about them has to be mended first. */
export type HomeStep = "standing" | "working" | "held";

/** Makes the pod's home, then its volumes, and keeps them at the newest version of their documents (5.6). */
export function carryHome(draft: Draft): HomeStep {
  if (draft.memory.home !== "made") return waitsForServer(draft) ? "held" : makeHome(draft);
  const steps = draft.picture.desired.volumes.map((volume) => carryVolume(draft, volume));
  return steps.find((step) => step === "held") ?? steps.find((step) => step === "working") ?? "standing";
}

/** A new pod begins once its documents and services were heard of: what it pulls images with, too. Nobody needs an event of the moment until then. */
function waitsForServer(draft: Draft): boolean {
  const { documents, servicesHeard } = draft.picture.around;
  const [first] = [...documents].flatMap(([key, version]) => awaited(key, version) ?? []);
  const message = first ?? (servicesHeard === false ? "the services of the cluster are not known yet" : undefined);
  if (message === undefined) return false;
  hold(draft, { subject: "pod", reason: "FailedMount", message, needs: "document" });
  return true;
}

function makeHome(draft: Draft): HomeStep {
  const action: Action = { subject: "pod", kind: "make-home", ...firstBounds(draft) };
  if (!waitsAfterFailure(draft, action)) {
    act(draft, action);
    return "working";
  }
  return holdFailure(draft, action, "Failed");
}

/**
 * A volume that stands goes on standing while its next version cannot be had: as for the kubelet it is mounted, with a token that
 * has expired too, so that nothing that runs or is restarted waits for the API server (node.md 3.9).
 */
function carryVolume(draft: Draft, volume: DesiredVolume): HomeStep {
  const standing = draft.memory.volumes[volume.name];
  const wanted = versionOf(draft.picture, volume);
  if (wanted.kind === "version" && standing === wanted.version) return "standing";
  const step =
    wanted.kind === "missing" ? holdMissing(draft, volume, wanted.message, standing) : set(draft, volume, wanted);
  return standing === undefined ? step : "standing";
}

function set(draft: Draft, { name }: DesiredVolume, { version }: { version: string }): HomeStep {
  const action: Action & { kind: "set-volume" } = {
    subject: `volume/${name}`,
    kind: "set-volume",
    volume: name,
    version,
  };
  forgetOldFailure(draft, action);
  if (!waitsAfterFailure(draft, action)) {
    act(draft, action);
    return "working";
  }
  return holdFailure(draft, action, "FailedMount");
}

/** That an earlier version could not be set says nothing of this one. */
function forgetOldFailure(draft: Draft, action: Action & { kind: "set-volume" }): void {
  const key = failureKey(action);
  const { [key]: failed, ...failures } = draft.memory.failures;
  if (failed?.version !== undefined && failed.version !== action.version) draft.memory = { ...draft.memory, failures };
}

function holdMissing(draft: Draft, { name }: DesiredVolume, message: string, standing: string | undefined): HomeStep {
  if (standing !== undefined) return "standing";
  hold(draft, { subject: `volume/${name}`, reason: "FailedMount", message, needs: "document" });
  return "held";
}

function holdFailure(draft: Draft, action: Action, reason: string): HomeStep {
  const { subject }: { subject: Subject } = action;
  const failed = draft.memory.failures[failureKey(action)];
  if (failed === undefined) return "working";
  const { message, reason: own = reason } = failed.failure;
  hold(draft, { subject, reason: own, message, until: failed.retryAt, needs: "volume" });
  return "held";
}

type Wanted =
  | { readonly kind: "version"; readonly version: string }
  | { readonly kind: "missing"; readonly message: string };

/** One text for all that a volume's content comes from: its documents, absent optional ones too, and fields of the pod. */
function versionOf({ around, desired }: Picture, { documents, spec }: DesiredVolume): Wanted {
  const shown = shownFields(desired, spec);
  if (documents.length === 0) return { kind: "version", version: shown ?? PLAIN };
  const parts = shown === undefined ? [] : [shown];
  for (const { key, optional } of documents) {
    const version = around.documents.get(key) ?? "missing";
    const [word = "", , name = ""] = key.split("/");
    const message = awaited(key, version);
    if (message !== undefined) return { kind: "missing", message };
    const kind = word === "Secret" ? "Secret" : "ConfigMap";
    if (version === "missing" && !optional) return { kind: "missing", message: notFound(kind, name) };
    parts.push(`${key}=${version}`);
  }
  return { kind: "version", version: parts.sort().join(",") };
}
