import { BerthError } from "../base/errors.ts";
import type { ActionOf, Outcome, SeenImage } from "../pod/action.ts";
import type { DesiredContainer } from "../pod/desired.ts";
import { resolveEnv } from "../pod/env.ts";
import { allocatableFor } from "../pod/reserved.ts";
import { rootProblem } from "../pod/run-as-non-root.ts";
import type { ContainerRequest, EnvVariable, PreparedMount } from "../ports.ts";
import { RANK, WITHDRAWN } from "./gates.ts";
import { failed, proved, type Step, type Tools } from "./step.ts";

const noServices: ReadonlyMap<string, string> = new Map();
const SERVICES_UNHEARD = "services have not yet been read at least once, cannot construct envvars";

type Create = ActionOf<"create-container">;

/**
 * Makes one container: works out its environment, prepares its files, then one CreateContainer call. Whatever fails before
 * the call has changed nothing in the runtime and shows as CreateContainerConfigError (S27).
 */
export async function createContainer(tools: Tools, action: Create, step: Step): Promise<Outcome> {
  const request = await prepare(tools, action, step).catch((thrown: unknown) =>
    failed(noEffect(thrown), `preparing container ${action.name}`, "CreateContainerConfigError"),
  );
  if ("kind" in request) return request;
  const created = await tools.gates.start(RANK.create, step.withdrawn, () => {
    step.begun();
    return tools.runtime.createContainer(request, step.givenUp);
  });
  return created === WITHDRAWN ? { kind: "withdrawn" } : proved(step, { containers: [created] });
}

/** Nothing has been asked of the runtime yet, whatever the failure says of itself. */
function noEffect(thrown: unknown): unknown {
  if (thrown instanceof BerthError && thrown.effect === "none") return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const code = thrown instanceof BerthError ? thrown.code : "Internal";
  return new BerthError(code, reason, { cause: thrown, effect: "none" });
}

async function prepare(tools: Tools, action: Create, step: Step): Promise<ContainerRequest> {
  const { pod } = step;
  const container = pod.containers.find(({ name }) => name === action.name);
  const sandbox = step.observed.sandboxes.find(({ id }) => id === action.sandbox);
  if (container === undefined || sandbox === undefined) {
    throw new BerthError("Internal", `container ${action.name} or its sandbox ${action.sandbox} is not known`);
  }
  const [image, attempt] = await Promise.all([
    imageOf(tools, action, container, step),
    attemptOf(tools, action, container, step),
  ]);
  const problem = rootProblem(pod, container, image);
  if (problem !== undefined) throw new BerthError("ContainerConfigInvalid", problem);
  const podIps = sandbox.ips ?? [];
  const environment = await environmentOf(tools, container, podIps, step);
  const mounts = await tools.files.prepareContainer({ pod, container, attempt, podIps, environment }, step.givenUp);
  const withImages = mounts.map((mount) => withPulledImage(tools, mount));
  const { backOffMs, target } = action;
  const seen = target === undefined ? {} : { targetId: target };
  return { pod, container, attempt, sandbox, image, backOffMs, ...seen, environment, mounts: withImages };
}

/**
 * What the look-up or pull that this plan rests on told of the image. Where its tag has moved meanwhile, or that was forgotten,
 * the image itself is asked for: its user must be known, or runAsNonRoot could not be kept. Throws when it is there no more.
 */
async function imageOf(tools: Tools, action: Create, container: DesiredContainer, step: Step): Promise<SeenImage> {
  const ref = container.imageRef ?? container.image;
  const known = tools.images.known(ref);
  if (known?.id === action.imageId) return known;
  const found = await tools.images.find(action.imageId, step.givenUp);
  if (found?.id === action.imageId) return found;
  throw new BerthError(
    "RuntimeNotFound",
    `the image ${ref} that was found for the container is gone: ${action.imageId}`,
  );
}

/**
 * Where no instance of it is known, the count goes on from the logs of those that the runtime no longer has: what is remembered
 * may be older than the last of them (S28).
 */
async function attemptOf(tools: Tools, action: Create, container: DesiredContainer, step: Step): Promise<number> {
  if (step.observed.containers.some(({ name }) => name === container.name)) return action.attempt;
  const last = await tools.files.lastAttempt(step.pod, container.name, step.givenUp);
  return Math.max(action.attempt, last === undefined ? 0 : last + 1);
}

async function environmentOf(
  { documents, facts, files, services, settings }: Tools,
  container: DesiredContainer,
  podIps: readonly string[],
  { pod, givenUp }: Step,
): Promise<readonly EnvVariable[]> {
  const refs = (container.spec.env ?? []).flatMap(({ valueFrom }) => valueFrom?.fileKeyRef ?? []);
  const texts = await Promise.all(
    refs.map(async ({ volumeName, path }): Promise<[string, string][]> => {
      const text = await files.readVolumeFile(pod, volumeName, path, givenUp);
      return text === undefined ? [] : [[`${volumeName}/${path}`, text]];
    }),
  );
  const found = pod.origin.kind === "api" ? services?.(pod) : noServices;
  if (found === undefined) throw new BerthError("ContainerConfigInvalid", SERVICES_UNHEARD);
  const resolved = resolveEnv({
    services: found,
    pod,
    container,
    podIps,
    hostIps: facts.ips,
    nodeName: facts.nodeName,
    allocatable: allocatableFor(facts, settings.reserved),
    documents: documents.bodies(
      pod.documents.map(({ key }) => key),
      pod,
    ),
    files: new Map(texts.flat()),
  });
  if (resolved.kind === "failed") throw new BerthError("ContainerConfigInvalid", resolved.message);
  return resolved.variables;
}

/** The runtime mounts an image volume by the id that its pull answered with. */
function withPulledImage(tools: Tools, mount: PreparedMount): PreparedMount {
  if (mount.image === undefined) return mount;
  const ref = tools.images.known(mount.image.ref)?.id ?? mount.image.ref;
  return { ...mount, image: { ...mount.image, ref } };
}
