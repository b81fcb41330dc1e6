import { readFileSync } from "node:fs";
import { type FileHandle, readFile } from "node:fs/promises";

/** Where a directory lies: tells a mounted directory from the empty one below it (D1). */
export type DeviceReader = (handle: FileHandle) => Promise<string>;

/**
 * Reads the mount that an open directory or file belongs to, as a text that stays the same across restarts of the agent and
 * the host. Device numbers alone would not do: a bind mount has that of the file system around it.
 */
export function makeDeviceReader(): DeviceReader {
  let last = { mount: "", device: "" };
  return async (handle) => {
    const number = (await handle.stat({ bigint: true })).dev;
    const mount = `${mountId(handle)} ${number}`;
    if (mount !== last.mount) last = { mount, device: await describe(mount.split(" ")[0] ?? "", number) };
    return last.device;
  };
}

/** At once: the kernel answers from memory, and each wait for another thread would hold up every start of a pod. */
function mountId(handle: FileHandle): string {
  try {
    const info = readFileSync(`/proc/self/fdinfo/${handle.fd}`, "utf8");
    return /^mnt_id:\s*(\d+)$/m.exec(info)?.[1] ?? "";
  } catch {
    // Without /proc the device number has to do.
    return "";
  }
}

/** Mount point, root inside the file system, type and source; with the number where the source is no device file. */
async function describe(id: string, number: bigint): Promise<string> {
  const table = id === "" ? "" : await readFile("/proc/self/mountinfo", "utf8");
  const line = table.split("\n").find((one) => one.startsWith(`${id} `));
  if (line === undefined) return `device ${number}`;
  const [mount = "", source = ""] = line.split(" - ");
  const [, , , root, point] = mount.split(" ");
  const [type, from = ""] = source.split(" ");
  const words = [point, root, type, from];
  return (from.startsWith("/") ? words : [...words, String(number)]).join(" ");
}
