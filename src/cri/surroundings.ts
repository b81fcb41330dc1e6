import { BerthError } from "../base/errors.ts";
import { type DesiredPod, podId } from "../pod/desired.ts";
import type { HostResolver, NodeFacts, NodeSettings } from "../pod/node.ts";
import type { UserRange } from "../pod/user-range.ts";
import type { RuntimeCapabilities } from "../ports.ts";
import { capabilitiesOf } from "./capabilities.ts";
import type { CriClient } from "./client.ts";
import type { Session } from "./session.ts";

/** What the translation of a pod into requests rests on, besides the pod. */
export type Surroundings = {
  readonly settings: NodeSettings;
  readonly facts: NodeFacts;
  readonly capabilities: RuntimeCapabilities;
  /** Where the pod's own user ids begin on the host; needed for `hostUsers: false`. */
  readonly users?: UserRange;
};

/** Where the surroundings of a pod come from. */
export type Ground = {
  readonly client: CriClient;
  readonly session: Session;
  readonly settings: NodeSettings;
  readonly facts: NodeFacts;
  /** Absent: the resolver file stays as it was at start. */
  readonly resolver?: Pick<HostResolver, "now">;
  /** The user ids of a pod with `hostUsers: false`; the same ones each time. Absent: such pods cannot be made. */
  readonly usersOf?: (pod: DesiredPod) => UserRange | undefined;
};

/** What the runtime can do by a handler, as it told at the last connection; undefined before the first. */
export function capabilitiesNow(
  { session, client }: Pick<Ground, "session" | "client">,
  handler?: string,
): RuntimeCapabilities | undefined {
  const told = session.facts();
  return told && capabilitiesOf(told, !client.lacks("GetContainerEvents"), handler);
}

/** For a sandbox of this handler. Throws RuntimeUnavailable before the runtime has told for the first time what it can do. */
export function surroundingsOf(ground: Ground, pod: DesiredPod, handler?: string): Surroundings {
  const { settings, resolver, usersOf } = ground;
  const facts = resolver === undefined ? ground.facts : { ...ground.facts, resolvConf: resolver.now() };
  const capabilities = capabilitiesNow(ground, handler);
  if (capabilities === undefined) {
    throw new BerthError("RuntimeUnavailable", `pod ${podId(pod)}: the runtime has not told yet what it can do`);
  }
  const users = pod.spec.hostUsers === false ? usersOf?.(pod) : undefined;
  return { settings, facts, capabilities, ...(users === undefined ? {} : { users }) };
}

/** The failure of a translation: the pod cannot be made as its manifest asks. */
export function cannotBeMade(pod: DesiredPod, problem: string): BerthError {
  return new BerthError("ContainerConfigInvalid", `pod ${podId(pod)}: ${problem}`);
}
