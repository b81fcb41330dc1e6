import type * as v1 from "../../src/pod/v1.ts";

/** The image of most test pods; it is imported into the private runtime, so that nothing is pulled. */
export const IMAGE = "busybox:1.36";

/** Runs until it is told to end, and then ends at once. */
export const SLEEP = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done"];

/** A command that runs a script. */
export function sh(script: string): string[] {
  return ["sh", "-c", script];
}

/** A container of the usual image; without a command it sleeps. */
export function container(name: string, more: Partial<v1.Container> = {}): v1.Container {
  return { name, image: IMAGE, command: SLEEP, ...more };
}

/** A pod; without containers it has one, `main`, that sleeps. */
export function pod(name: string, spec: Partial<v1.PodSpec> = {}, metadata: Partial<v1.ObjectMeta> = {}): v1.Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, ...metadata },
    spec: { terminationGracePeriodSeconds: 5, containers: [container("main")], ...spec },
  };
}
