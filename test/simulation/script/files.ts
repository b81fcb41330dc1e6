import type * as v1 from "../../../src/pod/v1.ts";
import type { Dice } from "./dice.ts";
import { changedPod } from "./pods.ts";
import type { Deed, Manifest } from "./script.ts";

/** Adds a deed to the script. */
export type Add = (atMs: number, deed: Deed) => void;
/** What each file says when its last change so far has come. */
export type Files = Map<string, readonly Manifest[]>;

/** The file of the pod of this index. */
export const fileOf = (index: number): string => `f${index}.yaml`;

/** The pod of a file gets another content, and so another UID. */
export function changeFile(dice: Dice, atMs: number, index: number, add: Add, files: Files): void {
  const file = fileOf(index);
  const [pod, ...rest] = files.get(file) ?? [];
  if (pod?.kind !== "Pod") return;
  const documents = [changedPod(dice, pod as v1.Pod), ...rest];
  files.set(file, documents);
  add(atMs, { do: "put", file, documents, how: dice.pick(["rename", "write"]) });
}
