import type { Rules } from "../../../src/agent/rules.ts";
import type { DesiredPod } from "../../../src/pod/desired.ts";
import type { PodEvent } from "../../../src/pod/event.ts";
import type { NodePicture, NodePlan } from "../../../src/pod/node-plan.ts";
import type { Picture, Plan } from "../../../src/pod/plan.ts";
import type { DirectorySighting, IntakeState } from "../../../src/pod/source.ts";
import type { ContainerRequest, Handlers, HookRequest, Images, PodChange, Runtime } from "../../../src/ports.ts";
import type { RecordChange } from "../../kit/runtime/state.ts";

/** A call to the runtime as it is begun, whatever becomes of it. */
export type Call =
  | { readonly kind: "list" | "status" | "reconnect" }
  | { readonly kind: "look" | "pods-of"; readonly uid: string }
  | { readonly kind: "run-sandbox"; readonly pod: DesiredPod; readonly attempt: number }
  | { readonly kind: "stop-sandbox" | "remove-sandbox"; readonly id: string }
  | { readonly kind: "create"; readonly request: ContainerRequest }
  | { readonly kind: "start" | "remove" | "read"; readonly id: string }
  | { readonly kind: "stop"; readonly id: string; readonly timeoutSeconds: number }
  | { readonly kind: "find" | "pull"; readonly ref: string; readonly uid?: string };

/** What a witness may be told; each is optional for who listens. */
export type Ears = {
  record?(change: RecordChange): void;
  call?(call: Call): void;
  answer?(call: Call, error: unknown): void;
  shown?(change: PodChange): void;
  told?(picture: Picture, events: readonly PodEvent[]): void;
  /** The manifest directory is other than before. */
  directory?(): void;
  took?(before: IntakeState, sighting: DirectorySighting, after: IntakeState): void;
  nodePlan?(picture: NodePicture, plan: NodePlan): void;
  plan?(picture: Picture, plan: Plan): void;
  hook?(request: HookRequest): void;
  hooked?(request: HookRequest, failure: string): void;
  /** Nothing of this UID is left on the disk. */
  cleared?(uid: string): void;
  fault?(message: string): void;
  life?(happens: "begins" | "ends"): void;
  step?(): void;
  calm?(): void;
};

/** The runtime as the agent has it, each call told as it begins. */
export function heard(runtime: Runtime, tell: (call: Call) => void, answered: Answered): Runtime {
  const pass = <T>(call: Call, work: () => Promise<T>): Promise<T> => {
    tell(call);
    const answer = work();
    answer.then(
      () => answered(call, undefined),
      (error: unknown) => answered(call, error),
    );
    return answer;
  };
  return {
    ...runtime,
    health: (signal) => pass({ kind: "status" }, () => runtime.health(signal)),
    list: (signal) => pass({ kind: "list" }, () => runtime.list(signal)),
    look: (uid, signal) => pass({ kind: "look", uid }, () => runtime.look(uid, signal)),
    container: (id, signal) => pass({ kind: "read", id }, () => runtime.container(id, signal)),
    runSandbox: (request, signal) =>
      pass({ kind: "run-sandbox", ...request }, () => runtime.runSandbox(request, signal)),
    stopSandbox: (id, signal) => pass({ kind: "stop-sandbox", id }, () => runtime.stopSandbox(id, signal)),
    removeSandbox: (id, signal) => pass({ kind: "remove-sandbox", id }, () => runtime.removeSandbox(id, signal)),
    createContainer: (request, signal) =>
      pass({ kind: "create", request }, () => runtime.createContainer(request, signal)),
    startContainer: (id, signal) => pass({ kind: "start", id }, () => runtime.startContainer(id, signal)),
    stopContainer: (id, timeoutSeconds, signal) =>
      pass({ kind: "stop", id, timeoutSeconds }, () => runtime.stopContainer(id, timeoutSeconds, signal)),
    removeContainer: (id, signal) => pass({ kind: "remove", id }, () => runtime.removeContainer(id, signal)),
  };
}

type Answered = (call: Call, error: unknown) => void;

/** The image service likewise. */
export function heardImages(images: Images, tell: (call: Call) => void, answered: Answered): Images {
  return {
    find(ref, signal) {
      tell({ kind: "find", ref });
      return images.find(ref, signal);
    },
    pull(request, signal) {
      const call: Call = { kind: "pull", ref: request.ref, uid: request.pod.uid };
      tell(call);
      const answer = images.pull(request, signal);
      answer.then(
        () => answered(call, undefined),
        (error: unknown) => answered(call, error),
      );
      return answer;
    },
  };
}

/** Hooks likewise. */
export const heardHandlers = (handlers: Handlers, ears: Required<Pick<Ears, "hook" | "hooked">>): Handlers => ({
  ...handlers,
  runHook(request, signal) {
    ears.hook(request);
    const answer = handlers.runHook(request, signal);
    answer.then((failure) => ears.hooked(request, failure)).catch(() => {});
    return answer;
  },
});

/** The rules with every decision told, as long as the agent that asks is alive. */
export function heardRules(rules: Rules, ears: Ears, alive: () => boolean): Rules {
  return {
    ...rules,
    intake(state, sighting) {
      const next = rules.intake(state, sighting);
      if (alive()) ears.took?.(state, sighting, next);
      return next;
    },
    news(picture, moment, now) {
      const events = rules.news(picture, moment, now);
      if (events.length > 0 && alive()) ears.told?.(picture, events);
      return events;
    },
    nextNodePlan(picture) {
      const plan = rules.nextNodePlan(picture);
      if (alive()) ears.nodePlan?.(picture, plan);
      return plan;
    },
    nextPlan(picture) {
      const plan = rules.nextPlan(picture);
      if (alive()) ears.plan?.(picture, plan);
      return plan;
    },
  };
}
