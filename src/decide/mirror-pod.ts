import type * as v1 from "../pod/v1.ts";

/** Marks a mirror pod; its value is the hash of the static pod (node.md 3.5). */
export const MIRROR_ANNOTATION = "kubernetes.io/config.mirror";
/** Names what was left out of the mirror because an API server refuses it: the node's own documents, which it cannot know. */
export const LEFT_OUT_ANNOTATION = "berth.dev/left-out-of-mirror";
const HASH_ANNOTATION = "kubernetes.io/config.hash";

/** The node that owns its mirror pods. */
export type MirrorOwner = { readonly name: string; readonly uid: string };

/** What to do next about one mirror pod. */
export type MirrorStep =
  | { readonly kind: "create"; readonly body: v1.Pod }
  | { readonly kind: "remove"; readonly uid: string }
  | { readonly kind: "none" };

/**
 * The next step towards a mirror that fits (node.md 3.5): one that is being deleted or shows another hash goes first, and one
 * without a static pod goes. Nothing here ever touches the static pod. Without an owner nothing is made.
 */
export function mirrorStep(
  local: v1.Pod | undefined,
  mirror: v1.Pod | undefined,
  owner: MirrorOwner | undefined,
): MirrorStep {
  const uid = mirror?.metadata?.uid;
  if (mirror !== undefined && uid !== undefined) {
    const fits = local !== undefined && mirrors(mirror, local) && !isEnding(mirror);
    return fits ? { kind: "none" } : { kind: "remove", uid };
  }
  if (local === undefined || owner === undefined || isEnding(local)) return { kind: "none" };
  return { kind: "create", body: mirrorOf(local, owner) };
}

/** Whether a pod of the API server is a mirror, of whichever static pod. */
export const isMirror = ({ metadata }: v1.Pod): boolean => metadata?.annotations?.[MIRROR_ANNOTATION] !== undefined;

/** Whether a pod of the host is a static one: only these have mirrors. */
export const isStatic = ({ metadata }: v1.Pod): boolean => metadata?.annotations?.[HASH_ANNOTATION] !== undefined;

/**
 * The pods of one name on the host, once one of them was told anew. They take their turns: when one has begun and goes on, the
 * others are over, and of those that have not begun only the newest can begin next.
 */
export function withLocal(known: readonly v1.Pod[], told: v1.Pod): readonly v1.Pod[] {
  if (hasBegun(told) && !isEnding(told)) return [told];
  const others = known.filter((pod) => pod.metadata?.uid !== told.metadata?.uid);
  return [...(hasBegun(told) ? others : others.filter(hasBegun)), told];
}

/** Which of the pods of one name its mirror shows: the one that has begun, as long as its successor waits for it (T14, I6). */
export const shownOf = (pods: readonly v1.Pod[]): v1.Pod | undefined => {
  const begun = pods.filter(hasBegun);
  return begun.find((pod) => !isEnding(pod)) ?? begun.at(-1) ?? pods.at(-1);
};

/** A pod that waits for its name has no start yet. */
const hasBegun = ({ status }: v1.Pod): boolean => status?.startTime !== undefined;
const isEnding = ({ metadata }: v1.Pod): boolean => metadata?.deletionTimestamp !== undefined;

const mirrors = (mirror: v1.Pod, local: v1.Pod): boolean =>
  mirror.metadata?.annotations?.[MIRROR_ANNOTATION] === local.metadata?.annotations?.[HASH_ANNOTATION];

/** The mirror of a static pod: all that people want to see of it, without what an API server refuses of a mirror. */
export function mirrorOf(local: v1.Pod, owner: MirrorOwner): v1.Pod {
  const { name, namespace, labels, annotations = {} } = local.metadata ?? {};
  const { spec, leftOut } = cleaned(local.spec);
  return {
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      annotations: {
        ...annotations,
        [MIRROR_ANNOTATION]: annotations[HASH_ANNOTATION] ?? "",
        ...(leftOut.length === 0 ? {} : { [LEFT_OUT_ANNOTATION]: leftOut.join(", ") }),
      },
      ownerReferences: [{ apiVersion: "v1", kind: "Node", name: owner.name, uid: owner.uid, controller: true }],
    },
    ...(spec === undefined ? {} : { spec }),
  };
}

/** A spec without references to ConfigMaps, Secrets and service accounts; their places, sorted, for the annotation. */
function cleaned(spec: v1.PodSpec | undefined): { spec: v1.PodSpec | undefined; leftOut: readonly string[] } {
  if (spec === undefined) return { spec, leftOut: [] };
  const { imagePullSecrets, serviceAccountName, serviceAccount, volumes, initContainers, containers, ...rest } = spec;
  const shown = (volumes ?? []).map(shownVolume);
  const noted = new Set<string>([
    ...(imagePullSecrets ?? []).map((one) => `Secret/${one.name ?? ""}`),
    ...[serviceAccountName ?? serviceAccount ?? ""].filter((one) => one !== "").map((one) => `ServiceAccount/${one}`),
    ...shown.flatMap(({ leftOut }) => leftOut),
    ...[...(initContainers ?? []), ...containers].flatMap(documentsOf),
  ]);
  return {
    spec: {
      ...rest,
      ...(volumes === undefined ? {} : { volumes: shown.map(({ volume }) => volume) }),
      ...(initContainers === undefined ? {} : { initContainers: initContainers.map(shownContainer) }),
      containers: containers.map(shownContainer),
    },
    leftOut: [...noted].sort(),
  };
}

/** A volume whose content comes from documents is shown as an empty one, so that mounts still name a volume. */
function shownVolume(volume: v1.Volume): { volume: v1.Volume; leftOut: readonly string[] } {
  const leftOut = [
    ...(volume.configMap ? [`ConfigMap/${volume.configMap.name ?? ""}`] : []),
    ...(volume.secret ? [`Secret/${volume.secret.secretName ?? ""}`] : []),
    ...(volume.projected?.sources ?? []).flatMap(({ configMap, secret }) => [
      ...(configMap ? [`ConfigMap/${configMap.name ?? ""}`] : []),
      ...(secret ? [`Secret/${secret.name ?? ""}`] : []),
    ]),
  ];
  return { volume: leftOut.length === 0 ? volume : { name: volume.name, emptyDir: {} }, leftOut };
}

const isFromDocument = ({ valueFrom }: v1.EnvVar): boolean =>
  valueFrom?.configMapKeyRef !== undefined || valueFrom?.secretKeyRef !== undefined;

function documentsOf({ env = [], envFrom = [] }: v1.Container): readonly string[] {
  return [
    ...env.flatMap(({ valueFrom }) => [
      ...(valueFrom?.configMapKeyRef ? [`ConfigMap/${valueFrom.configMapKeyRef.name ?? ""}`] : []),
      ...(valueFrom?.secretKeyRef ? [`Secret/${valueFrom.secretKeyRef.name ?? ""}`] : []),
    ]),
    ...envFrom.flatMap(({ configMapRef, secretRef }) => [
      ...(configMapRef ? [`ConfigMap/${configMapRef.name ?? ""}`] : []),
      ...(secretRef ? [`Secret/${secretRef.name ?? ""}`] : []),
    ]),
  ];
}

function shownContainer(container: v1.Container): v1.Container {
  const { env, envFrom: _, ...rest } = container;
  return env === undefined ? rest : { ...rest, env: env.filter((one) => !isFromDocument(one)) };
}
