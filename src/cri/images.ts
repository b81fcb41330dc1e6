import type { SeenImage } from "../pod/action.ts";
import type { Images } from "../ports.ts";
import type { CriClient } from "./client.ts";
import { badAnswer } from "./failure.ts";
import type { Image } from "./generated/types.ts";
import { sandboxConfig } from "./sandbox-config.ts";
import { type Ground, surroundingsOf } from "./surroundings.ts";

export type ImagesOptions = Ground & {
  /** Of the image service, which may stand at an endpoint of its own. */
  readonly images: CriClient;
};

/** The image service (cri-mapping 6). */
export function makeImages(options: ImagesOptions): Images {
  async function find(ref: string, signal: AbortSignal): Promise<SeenImage | undefined> {
    const { image } = await options.images.call("ImageStatus", { image: { image: ref } }, signal);
    return image && seen(ref, image);
  }

  return {
    find,
    async pull({ ref, pod, attempt, credential }, signal) {
      const sandbox_config = sandboxConfig(pod, attempt, surroundingsOf(options, pod));
      const auth = credential && { username: credential.username, password: credential.password };
      const request = { image: { image: ref }, auth, sandbox_config };
      const { image_ref: id } = await options.images.call("PullImage", request, signal);
      if (id === "") throw badAnswer("PullImage", `image ${ref}`, "the answer does not name the image");
      // Only a look at the image tells whom it runs as, and an image of which that is not known must not run.
      const found = await find(ref, signal);
      if (found === undefined) throw badAnswer("ImageStatus", `image ${ref}`, "it was pulled and is gone already");
      return found;
    },
  };
}

/** Throws when the answer lacks what it must have (cri-mapping 6.1). */
function seen(ref: string, { id, size, uid, username }: Image): SeenImage {
  if (id === "" || size === 0n) throw badAnswer("ImageStatus", `image ${ref}`, "the answer lacks id or size");
  return {
    id,
    size: Number(size),
    ...(uid === undefined ? {} : { uid: Number(uid.value) }),
    ...(username === "" ? {} : { username }),
  };
}
