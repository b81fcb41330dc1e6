import type {
  ContainerRole,
  DesiredContainer,
  DesiredPod,
  DesiredVolume,
  DocumentKey,
  DocumentUse,
  Origin,
  RestartPolicy,
} from "../pod/desired.ts";
import { runtimeClassKey } from "../pod/runtime-class.ts";
import { tokenKey } from "../pod/token-use.ts";
import type * as v1 from "../pod/v1.ts";
import { containerHash } from "./identity.ts";
import { imageForRuntime } from "./image.ts";

/** A valid, defaulted pod with its identity. */
export type CheckedPod = {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly manifestName: string;
  readonly metadata: v1.ObjectMeta;
  readonly spec: v1.PodSpec;
};

/** The noun that decisions work with. */
export function desiredPod(pod: CheckedPod, origin: Origin, seenWallMs: number): DesiredPod {
  const { uid, namespace, name, manifestName, metadata, spec } = pod;
  const restartPolicy = restartPolicyOf(spec.restartPolicy);
  const volumes = (spec.volumes ?? []).map((volume) => desiredVolume(volume, pod));
  const containers = [
    ...(spec.initContainers ?? []).map((one) => desiredContainer(one, roleOfInit(one), restartPolicy)),
    ...spec.containers.map((one) => desiredContainer(one, "app", restartPolicy)),
    ...(spec.ephemeralContainers ?? []).map(ephemeralContainer),
  ];
  const { activeDeadlineSeconds } = spec;
  return {
    ...{ uid, namespace, name, manifestName, origin },
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    ...{ spec, containers, volumes },
    documents: distinctUses([
      ...volumes.flatMap(({ documents }) => documents),
      ...containers.flatMap(({ spec: one }) => environmentUses(one, namespace)),
      ...(spec.imagePullSecrets ?? []).map((secret) => use("Secret", namespace, secret.name, true)),
      ...(spec.runtimeClassName ? [{ key: runtimeClassKey(spec.runtimeClassName), optional: false }] : []),
    ]),
    restartPolicy,
    graceSeconds: spec.terminationGracePeriodSeconds ?? 30,
    hostNetwork: spec.hostNetwork === true,
    ...(activeDeadlineSeconds === undefined ? {} : { activeDeadlineSeconds }),
    seenWallMs,
  };
}

const restartPolicyOf = (written: string | undefined): RestartPolicy =>
  written === "OnFailure" || written === "Never" ? written : "Always";

const roleOfInit = (container: v1.Container): ContainerRole =>
  container.restartPolicy === "Always" ? "sidecar" : "init";

function desiredContainer(spec: v1.Container, role: ContainerRole, podPolicy: RestartPolicy): DesiredContainer {
  const image = spec.image ?? "";
  const policy = spec.restartPolicy === undefined ? podPolicy : restartPolicyOf(spec.restartPolicy);
  return {
    ...{ name: spec.name, role, image, ...imageForRuntime(image) },
    pullPolicy:
      spec.imagePullPolicy === "Always" || spec.imagePullPolicy === "Never" ? spec.imagePullPolicy : "IfNotPresent",
    restartPolicy: role === "init" && policy === "Always" ? "OnFailure" : policy,
    restartRules: spec.restartPolicy === undefined ? [] : (spec.restartPolicyRules ?? []),
    hash: containerHash(spec.name, image),
    volumes: [...new Set((spec.volumeMounts ?? []).map(({ name }) => name))],
    spec,
  };
}

/** No policy and no rule makes it start again. */
const ephemeralContainer = ({ targetContainerName: target, ...spec }: v1.EphemeralContainer): DesiredContainer => ({
  ...desiredContainer(spec, "ephemeral", "Never"),
  ...{ restartPolicy: "Never", restartRules: [] },
  ...(target ? { target } : {}),
});

function desiredVolume(spec: v1.Volume, pod: CheckedPod): DesiredVolume {
  const { namespace } = pod;
  const projected = (spec.projected?.sources ?? []).flatMap(({ configMap, secret, serviceAccountToken }) => [
    ...(configMap ? [use("ConfigMap", namespace, configMap.name, configMap.optional)] : []),
    ...(secret ? [use("Secret", namespace, secret.name, secret.optional)] : []),
    ...(serviceAccountToken ? [{ key: tokenKey(pod, serviceAccountToken), optional: false }] : []),
  ]);
  const documents = [
    ...(spec.configMap ? [use("ConfigMap", namespace, spec.configMap.name, spec.configMap.optional)] : []),
    ...(spec.secret ? [use("Secret", namespace, spec.secret.secretName, spec.secret.optional)] : []),
    ...projected,
  ];
  return { name: spec.name, spec, documents: distinctUses(documents) };
}

function environmentUses(container: v1.Container, namespace: string): readonly DocumentUse[] {
  const single = (container.env ?? []).flatMap(({ valueFrom }) => [
    ...referTo("ConfigMap", namespace, valueFrom?.configMapKeyRef),
    ...referTo("Secret", namespace, valueFrom?.secretKeyRef),
  ]);
  const whole = (container.envFrom ?? []).flatMap(({ configMapRef, secretRef }) => [
    ...referTo("ConfigMap", namespace, configMapRef),
    ...referTo("Secret", namespace, secretRef),
  ]);
  return [...single, ...whole];
}

const referTo = (
  kind: "ConfigMap" | "Secret",
  namespace: string,
  ref: { name?: string; optional?: boolean } | undefined,
): readonly DocumentUse[] => (ref === undefined ? [] : [use(kind, namespace, ref.name, ref.optional)]);

const use = (
  kind: "ConfigMap" | "Secret",
  namespace: string,
  name: string | undefined,
  optional: boolean | undefined,
): DocumentUse => ({ key: documentKey(kind, namespace, name ?? ""), optional: optional === true });

/** `Kind/namespace/name` */
export const documentKey = (kind: "ConfigMap" | "Secret", namespace: string, name: string): DocumentKey =>
  `${kind}/${namespace}/${name}`;

/** One use for each document; needed when one of them needs it. */
function distinctUses(uses: readonly DocumentUse[]): readonly DocumentUse[] {
  const needed = new Map<DocumentKey, boolean>();
  for (const { key, optional } of uses) needed.set(key, (needed.get(key) ?? true) && optional);
  return [...needed].map(([key, optional]) => ({ key, optional }));
}
