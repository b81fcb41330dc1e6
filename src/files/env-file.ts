import { constants } from "node:fs";
import { open, realpath } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { BerthError } from "../base/errors.ts";
import { pathOf, walkBelow } from "./beneath.ts";
import { ifThere } from "./failure.ts";
import { checkSubPath } from "./sub-path.ts";

/** Bytes of an env file. @limit The container that needs it waits, with the reason. */
const LARGEST_BYTES = 64 * 1024;

/**
 * The text of a file that a container left in a volume; undefined when there is none. Whoever writes there cannot make it lead
 * elsewhere, hang or grow the agent. Throws ContainerConfigInvalid without naming a host path.
 */
export async function readVolumeFile(volume: string, path: string): Promise<string | undefined> {
  checkSubPath(path);
  const root = await realpath(volume);
  const target = await ifThere(realpath(join(root, path)));
  if (target === undefined) return undefined;
  const below = relative(root, target);
  if (below === ".." || below.startsWith(`..${sep}`)) throw refused("leads out of its volume");
  const place = await walkBelow(root, below.split(sep)).catch(() => {
    throw refused("changed while it was looked for");
  });
  try {
    const status = await place.stat();
    if (!status.isFile()) throw refused("is not a file");
    if (status.size > LARGEST_BYTES) throw refused(`has more than ${LARGEST_BYTES} bytes`);
    const file = await open(pathOf(place), constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(LARGEST_BYTES), position: 0 });
      return buffer.toString("utf8", 0, bytesRead);
    } finally {
      await file.close();
    }
  } finally {
    await place.close();
  }
}

const refused = (reason: string): BerthError => new BerthError("ContainerConfigInvalid", `the env file ${reason}`);
