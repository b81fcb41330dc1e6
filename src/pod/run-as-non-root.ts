import type { SeenImage } from "./action.ts";
import { type DesiredContainer, type DesiredPod, podId } from "./desired.ts";

const LARGEST_ID = 2 ** 31 - 1;

/** Why runAsNonRoot forbids this container with this image; undefined when it does not (cri-mapping 2.6). */
export function rootProblem(pod: DesiredPod, container: DesiredContainer, image: SeenImage): string | undefined {
  const own = container.spec.securityContext;
  const ofPod = pod.spec.securityContext;
  if ((own?.runAsNonRoot ?? ofPod?.runAsNonRoot) !== true) return undefined;
  const where = `(pod: "${podId(pod)}", container: ${container.name})`;
  const wanted = own?.runAsUser ?? ofPod?.runAsUser;
  if (wanted !== undefined) return wanted === 0 ? `container's runAsUser breaks non-root policy ${where}` : undefined;
  if (image.uid === undefined && image.username !== undefined && image.username !== "") {
    return `container has runAsNonRoot and image has non-numeric user (${image.username}), cannot verify user is non-root ${where}`;
  }
  const uid = image.uid ?? 0;
  if (uid === 0) return `container has runAsNonRoot and image will run as root ${where}`;
  if (uid < 0 || uid > LARGEST_ID) {
    return `container has runAsNonRoot and image has an invalid user (${uid}), cannot verify user is non-root ${where}`;
  }
  return undefined;
}
