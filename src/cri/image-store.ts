import { stat, statfs } from "node:fs/promises";
import { BerthError } from "../base/errors.ts";
import type { ImageStore } from "../pod/image-store.ts";
import type { CriClient } from "./client.ts";
import { CriError } from "./failure.ts";

/** All images of the image service; which ones are used, the runtime tells. */
export function makeImageStore(runtime: CriClient, images: CriClient): ImageStore {
  return {
    async list(signal) {
      const answer = await images.call("ListImages", {}, signal);
      return answer.images.map(({ id, repo_tags, repo_digests, size, pinned }) => ({
        id,
        names: [...repo_tags, ...repo_digests],
        bytes: Number(size),
        pinned,
      }));
    },
    async used(signal) {
      const { containers } = await runtime.call("ListContainers", {}, signal);
      const names = containers.flatMap(({ image, image_ref, image_id }) => [image?.image ?? "", image_ref, image_id]);
      return new Set([...names, await sandboxImage(runtime, images, signal)].filter((name) => name !== ""));
    },
    async remove(id, signal) {
      try {
        await images.call("RemoveImage", { image: { image: id } }, signal);
      } catch (error) {
        if (!(error instanceof CriError) || error.code !== "RuntimeNotFound") throw error;
      }
    },
    async disk(signal) {
      const { image_filesystems } = await images.call("ImageFsInfo", {}, signal);
      const mountpoint = image_filesystems[0]?.fs_id?.mountpoint;
      if (mountpoint === undefined || mountpoint === "") return undefined;
      const [{ blocks, bavail, bsize, files, ffree }, { dev }] = await Promise.all([
        statfs(mountpoint),
        stat(mountpoint),
      ]).catch((cause: unknown) => {
        throw new BerthError("FileFailed", `cannot look at ${mountpoint}, where the runtime keeps its images`, {
          cause,
        });
      });
      const inodes = { available: ffree, capacity: files };
      return { capacityBytes: blocks * bsize, availableBytes: bavail * bsize, inodes, device: dev };
    },
  };
}

/** The image of sandboxes: no container names it, and older runtimes do not pin it. Empty where the runtime does not tell. */
async function sandboxImage(runtime: CriClient, images: CriClient, signal: AbortSignal): Promise<string> {
  const { info } = await runtime.call("Status", { verbose: true }, signal);
  const name = nameIn(info.config ?? "");
  if (name === undefined) return "";
  const { image } = await images.call("ImageStatus", { image: { image: name } }, signal);
  return image?.id ?? "";
}

function nameIn(config: string): string | undefined {
  try {
    const { sandboxImage: name } = JSON.parse(config) as { sandboxImage?: unknown };
    return typeof name === "string" && name !== "" ? name : undefined;
  } catch {
    return undefined;
  }
}
