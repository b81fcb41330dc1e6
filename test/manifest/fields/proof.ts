import { aManifest } from "../kit.ts";

type Json = { [name: string]: unknown };

/** How a test shows that a field is honoured. */
export type Proof =
  /** Two manifests that differ in the field alone, and where the difference is seen. */
  | { readonly kind: "change"; readonly one: object; readonly other: object; readonly sees: string }
  /** The test that shows it, where only time, a process or a disk can. */
  | { readonly kind: "test"; readonly file: string; readonly title: string };

/** Two values of one field in a container of its own. */
export const inContainer = (of: (value: unknown) => Json, one: unknown, other: unknown, sees: string): Proof => ({
  kind: "change",
  one: aManifest({}, of(one)),
  other: aManifest({}, of(other)),
  sees,
});

/** The same in the pod's spec. */
export const inSpec = (of: (value: unknown) => Json, one: unknown, other: unknown, sees: string): Proof => ({
  kind: "change",
  one: aManifest(of(one)),
  other: aManifest(of(other)),
  sees,
});

/** Two values of a field in a volume `v`, which the container mounts at /v. */
export function inVolume(of: (value: unknown) => Json, one: unknown, other: unknown, sees: string): Proof {
  const pod = (value: unknown): object =>
    aManifest({ volumes: [{ name: "v", ...of(value) }] }, { volumeMounts: [{ name: "v", mountPath: "/v" }] });
  return { kind: "change", one: pod(one), other: pod(other), sees };
}

/** Seen by a test of its own. */
export const shownBy = (file: string, title: string): Proof => ({ kind: "test", file, title });
