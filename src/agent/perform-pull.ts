import { asBerthError, BerthError } from "../base/errors.ts";
import { unlessAborted } from "../base/unless-aborted.ts";
import type { ActionOf, Outcome, SeenImage } from "../pod/action.ts";
import type { PullSecret, RegistryCredential } from "../pod/credential.ts";
import type { DesiredPod } from "../pod/desired.ts";
import { done, type Step, type Tools } from "./step.ts";

type PullTools = Pick<Tools, "images" | "documents" | "credentials">;

/**
 * Pulls an image: with each credential that fits, one after the other, until one works, and without any only where there is
 * none (cri-mapping 6.2). A secret that is missing is passed over; the news tells of it.
 */
export async function pullImage(tools: PullTools, { ref }: ActionOf<"pull-image">, step: Step): Promise<Outcome> {
  const attempt = step.observed.sandboxes[0]?.attempt ?? 0;
  const pull = (credential?: RegistryCredential): Promise<SeenImage> =>
    tools.images.pull({ ref, pod: step.pod, attempt, ...(credential && { credential }) }, step.begun, step.withdrawn);
  const credentials = await fittingCredentials(tools, ref, step);
  const image = credentials.length === 0 ? await pull() : await firstThatWorks(credentials, pull, step.withdrawn);
  return done({ kind: "image", image });
}

async function fittingCredentials(
  { credentials, documents }: PullTools,
  ref: string,
  { pod, begun, withdrawn }: Step,
): Promise<readonly RegistryCredential[]> {
  try {
    if (credentials === undefined) return [];
    // A plugin may take a minute, and runs for whoever else waits for it: a pod that ends does not.
    return await unlessAborted(credentials.find(ref, pullSecrets(pod, documents)), withdrawn);
  } catch (error) {
    if (withdrawn.aborted) throw error;
    // People hear of an attempt, though the registry does not.
    begun();
    throw error;
  }
}

function pullSecrets(pod: DesiredPod, documents: Tools["documents"]): readonly PullSecret[] {
  const names = (pod.spec.imagePullSecrets ?? []).flatMap(({ name }) => (name === undefined ? [] : [name]));
  const keyOf = (name: string) => `Secret/${pod.namespace}/${name}` as const;
  const bodies = documents.bodies(names.map(keyOf), pod);
  return names.flatMap((name) => {
    const body = bodies.get(keyOf(name));
    return body === undefined ? [] : [{ name, type: body.type, data: body.data }];
  });
}

async function firstThatWorks(
  credentials: readonly RegistryCredential[],
  pull: (credential: RegistryCredential) => Promise<SeenImage>,
  withdrawn: AbortSignal,
): Promise<SeenImage> {
  const failures: BerthError[] = [];
  for (const credential of credentials) {
    try {
      return await pull(credential);
    } catch (error) {
      if (withdrawn.aborted) throw error;
      failures.push(asBerthError(error, "pulling with a credential"));
    }
  }
  const [first] = failures;
  const messages = [...new Set(failures.map(({ message }) => message))];
  if (first !== undefined && messages.length === 1) throw first;
  throw new BerthError("ImagePullFailed", `[${messages.join(", ")}]`, { cause: first });
}
