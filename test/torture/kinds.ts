import type * as v1 from "../../src/pod/v1.ts";
import { container, pod, SLEEP, sh } from "../kit/sample-pods.ts";

/** A kind of pod that lives among the faults. */
export type Kind = {
  manifest(name: string, variant: number): v1.Pod;
  /** Containers that run when all is well. */
  readonly runs: readonly string[];
  /** Runs by itself to its end. */
  readonly ends?: boolean;
};

const VARIANT = "VARIANT";

/** Which version of its manifest a pod has; NaN for a pod of another make. */
export const variantOf = ({ spec }: v1.Pod): number =>
  Number(spec?.containers[0]?.env?.find(({ name }) => name === VARIANT)?.value);

const app = (variant: number, more: Partial<v1.Container> = {}): v1.Container =>
  container("main", { env: [{ name: VARIANT, value: String(variant) }], ...more });
const of = (name: string, variant: number, more: Partial<v1.Container>, spec: Partial<v1.PodSpec> = {}): v1.Pod =>
  pod(name, { terminationGracePeriodSeconds: 3, containers: [app(variant, more)], ...spec });

/** The kinds by name, which begins the names of their pods. */
export const KINDS = {
  steady: { manifest: (name, variant) => of(name, variant, {}), runs: ["main"] },
  two: {
    manifest: (name, variant) => {
      const volumeMounts = [{ name: "v", mountPath: "/v" }];
      const containers = [app(variant, { volumeMounts }), container("second", { volumeMounts })];
      return of(name, variant, {}, { containers, volumes: [{ name: "v", emptyDir: { medium: "Memory" } }] });
    },
    runs: ["main", "second"],
  },
  init: {
    manifest: (name, variant) =>
      of(name, variant, {}, { initContainers: [container("first", { command: sh("sleep 0.5") })] }),
    runs: ["main"],
  },
  sidecar: {
    manifest: (name, variant) =>
      of(name, variant, {}, { initContainers: [container("aside", { restartPolicy: "Always" })] }),
    runs: ["aside", "main"],
  },
  failing: { manifest: (name, variant) => of(name, variant, { command: sh("sleep 2; exit 3") }), runs: [] },
  job: {
    manifest: (name, variant) => of(name, variant, { command: sh("sleep 3") }, { restartPolicy: "Never" }),
    runs: [],
    ends: true,
  },
  probed: {
    manifest: (name, variant) =>
      of(name, variant, {
        readinessProbe: { exec: { command: ["true"] }, periodSeconds: 1 },
        startupProbe: { exec: { command: ["true"] }, periodSeconds: 1, failureThreshold: 300 },
      }),
    runs: ["main"],
  },
  hanging: {
    manifest: (name, variant) =>
      of(name, variant, {
        readinessProbe: { exec: { command: ["sleep", "1000"] }, periodSeconds: 1, timeoutSeconds: 1 },
        lifecycle: { preStop: { exec: { command: ["sleep", "1000"] } } },
      }),
    runs: ["main"],
  },
  deaf: { manifest: (name, variant) => of(name, variant, { command: ["sleep", "1000000"] }), runs: ["main"] },
  talker: {
    manifest: (name, variant) =>
      of(name, variant, { command: sh("trap 'exit 0' TERM; while :; do echo on and on; sleep 0.1; done") }),
    runs: ["main"],
  },
} as const satisfies Record<string, Kind>;
export type KindName = keyof typeof KINDS;

/** Eats memory until the kernel ends it. */
export const glutton = (name: string): v1.Pod =>
  of(name, 0, { command: ["tail", "/dev/zero"], resources: { limits: { memory: "24Mi", cpu: "500m" } } });

/** Forks without end; the node's limit of processes for a pod is what holds it. */
export const forkBomb = (name: string): v1.Pod =>
  of(name, 0, {
    command: sh("b() { b | b & }; b; while :; do sleep 1000; done"),
    resources: { limits: { memory: "64Mi", cpu: "200m" } },
  });

/** Sleeps, and its manifest stays as it is. */
export const plain = (name: string): v1.Pod => of(name, 0, { command: SLEEP });
