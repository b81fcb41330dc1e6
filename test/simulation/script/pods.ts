import type * as v1 from "../../../src/pod/v1.ts";
import type { Dice } from "./dice.ts";
import type { ConfigMap } from "./script.ts";

/** Names are told apart by their pod, since the runtime fake knows a container's behaviour by its name alone. */
export const podName = (index: number): string => `p${index}`;

/** A pod of any shape: init containers, sidecars, policies, grace, hooks, volumes, as the dice fall. */
export function somePod(dice: Dice, index: number): v1.Pod {
  const name = podName(index);
  const inits = dice.chance(0.35) ? dice.whole(1, 2) : 0;
  const sidecars = dice.chance(0.25) ? dice.whole(1, 2) : 0;
  const apps = dice.chance(0.35) ? 2 : 1;
  const policy = dice.pick(["Always", "Always", "Always", "OnFailure", "Never"]);
  // The compiler refuses references to ConfigMaps as yet.
  const usesConfig = false;
  const initContainers = [
    ...Array.from({ length: inits }, (_, at) => container(dice, `${name}-init${at}`, false)),
    ...Array.from({ length: sidecars }, (_, at) => ({
      ...container(dice, `${name}-side${at}`, true),
      restartPolicy: "Always",
    })),
  ];
  if (initContainers.length > 1 && dice.chance(0.5)) initContainers.reverse();
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, annotations: { turn: String(dice.whole(0, 999)) } },
    spec: {
      restartPolicy: policy,
      terminationGracePeriodSeconds: dice.pick([0, 1, 2, 5, 30, 30, 60]),
      ...(dice.chance(0.15) ? { hostNetwork: true } : {}),
      ...(dice.chance(0.06) ? { activeDeadlineSeconds: dice.spread(20, 1500) } : {}),
      ...(initContainers.length > 0 ? { initContainers } : {}),
      containers: Array.from({ length: apps }, (_, at) => appContainer(dice, `${name}-app${at}`, usesConfig)),
      ...(usesConfig ? { volumes: [{ name: "config", configMap: { name: configName(index) } }] } : {}),
    },
  };
}

function appContainer(dice: Dice, name: string, usesConfig: boolean): v1.Container {
  const rules = dice.chance(0.08);
  return {
    ...container(dice, name, true),
    ...(usesConfig ? { volumeMounts: [{ name: "config", mountPath: "/config" }] } : {}),
    ...(rules
      ? {
          restartPolicy: "Always",
          restartPolicyRules: [{ action: "RestartAllContainers", exitCodes: { operator: "In", values: [42] } }],
        }
      : {}),
  };
}

function container(dice: Dice, name: string, mayHook: boolean): v1.Container {
  const postStart = mayHook && dice.chance(0.15);
  const preStop = mayHook && dice.chance(0.25);
  const hook = { exec: { command: ["hook"] } };
  const probes = mayHook && dice.chance(0.25) ? someProbes(dice) : {};
  return {
    name,
    image: `${dice.pick(IMAGES)}`,
    ...probes,
    ...(postStart || preStop
      ? { lifecycle: { ...(postStart ? { postStart: hook } : {}), ...(preStop ? { preStop: hook } : {}) } }
      : {}),
  };
}

function someProbes(dice: Dice): Partial<v1.Container> {
  const probe = (): v1.Probe => ({
    exec: { command: ["probe"] },
    periodSeconds: dice.pick([5, 10, 30]),
    failureThreshold: dice.whole(1, 3),
    timeoutSeconds: dice.pick([1, 5]),
  });
  return {
    ...(dice.chance(0.6) ? { livenessProbe: probe() } : {}),
    ...(dice.chance(0.6) ? { readinessProbe: probe() } : {}),
    ...(dice.chance(0.3) ? { startupProbe: { ...probe(), failureThreshold: 10 } } : {}),
  };
}

/** The pod with another content: its UID differs, its name does not. */
export function changedPod(dice: Dice, pod: v1.Pod): v1.Pod {
  const turn = String(dice.whole(1000, 9999));
  return { ...pod, metadata: { ...pod.metadata, annotations: { turn } } };
}

export const IMAGES = ["reg/a:1", "reg/b:1", "reg/c:1", "reg/d"] as const;
const configName = (index: number): string => `c${index}`;

/** A ConfigMap that the pod of this index may use. */
export const someConfig = (dice: Dice, index: number): ConfigMap => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: configName(index) },
  data: { key: String(dice.whole(0, 9)) },
});

/** Every container of a manifest, in start order. */
export const containersOf = (pod: v1.Pod): readonly v1.Container[] => [
  ...(pod.spec?.initContainers ?? []),
  ...(pod.spec?.containers ?? []),
];
