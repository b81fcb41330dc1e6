import type { DesiredPod, DocumentKey, PodKey } from "./desired.ts";
import type { DocumentContent } from "./document.ts";
import type { Problem } from "./problem.ts";
import type * as v1 from "./v1.ts";

/** Everything that the manifest directory shows at one moment. decide/intake.ts turns it into the set of accepted pods. */
export type DirectorySighting = {
  /**
   * Only a directory that was listed whole, on the same device, lets a missing file remove a pod (D1); or that the host is to
   * have no such directory, so that no pod comes from one.
   */
  readonly listing:
    | { readonly kind: "whole"; readonly device: string }
    | { readonly kind: "none" }
    | { readonly kind: "failed"; readonly problem: Problem };
  /** In byte-wise path order (F3); files that are ignored by name are only in `ignored`. */
  readonly files: readonly FileSighting[];
  /** One problem for each file that is ignored by its name (D3). */
  readonly ignored: readonly Problem[];
};

/** One manifest file. */
export type FileSighting = {
  readonly path: string;
  /**
   * `whole`: read and split into documents to its end. `broken`: read, but not all of it could be understood, so that a
   * missing document proves nothing. `unread`: not read this time (too large, no permission, I/O error).
   */
  readonly reading: "whole" | "broken" | "unread";
  /** The content has stood still for the settling time, or a rename replaced the file: losses and changes count (4). */
  readonly settled: boolean;
  readonly documents: readonly SeenDocument[];
  /** All that is wrong with the file and its documents. */
  readonly problems: readonly Problem[];
  /** Bodies of its ConfigMaps and Secrets. They are for the agent's shelf alone: no decision sees them. */
  readonly contents?: readonly DocumentContent[];
};

/** One document of a file that was understood. */
export type SeenDocument =
  | {
      readonly kind: "pod";
      readonly pod: DesiredPod;
      /** As decoded, before defaults and identity: what is kept on disk to be compiled again. */
      readonly manifest: v1.Pod;
      /** Documents with warnings lose a name to those without (D5). */
      readonly warned: boolean;
      readonly plainUid?: string;
    }
  | {
      readonly kind: "config";
      readonly key: DocumentKey;
      readonly version: string;
      readonly warned: boolean;
      /** Its data does not change while it is there. */
      readonly immutable?: boolean;
    }
  /** Not usable; the pod that it names, if it can be told, keeps its last good form. */
  | { readonly kind: "broken"; readonly pod?: PodKey };

/** A pod that holds its name, in its last good form. */
export type AcceptedPod = {
  readonly pod: DesiredPod;
  readonly manifest: v1.Pod;
  /** The UID of the pod by itself, where `pod` has one that covers the documents which it uses, too. */
  readonly plainUid?: string;
};

/** What decide/intake.ts keeps between two sightings; its `accepted` is what runs. */
export type IntakeState = {
  readonly accepted: readonly AcceptedPod[];
  /** The device that the directory was last listed whole on. */
  readonly device?: string;
  readonly problems: readonly Problem[];
  /** Files and their documents as of the last whole listing, for D5's holder rule. */
  readonly configs: ReadonlyMap<DocumentKey, HeldDocument>;
};

/** A ConfigMap or Secret that holds its name, in its last good version. */
export type HeldDocument = { readonly path: string; readonly version: string; readonly immutable?: boolean };
