import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { PressureReading } from "../pod/pressure.ts";
import type { Hierarchy } from "./hierarchies.ts";

type Files = { readonly limit: string; readonly usage: string; readonly inactive: string };

const FILES: Readonly<Record<Hierarchy["version"], Files>> = {
  1: { limit: "memory.limit_in_bytes", usage: "memory.usage_in_bytes", inactive: "total_inactive_file" },
  2: { limit: "memory.max", usage: "memory.current", inactive: "inactive_file" },
};
/** Version 1 writes a limit that is none as the most pages that it can count. */
const LEAST_NO_LIMIT_BYTES = 2 ** 60;

/**
 * What is left of a cgroup's memory limit: all but the working set of what is in it and below (node.md 5.1). Undefined where
 * it has no limit, or is not there.
 */
export async function readMemoryLeft(
  hierarchies: readonly Hierarchy[],
  path: string,
): Promise<PressureReading | undefined> {
  const hierarchy = hierarchies.find(({ controllers }) => controllers.includes("memory"));
  if (hierarchy === undefined) return undefined;
  const files = FILES[hierarchy.version];
  const text = (name: string): Promise<string> => readFile(join(hierarchy.folder, path, name), "utf8").catch(() => "");
  const [limit, usage, stat] = await Promise.all([text(files.limit), text(files.usage), text("memory.stat")]);
  const inactive = new RegExp(`^${files.inactive} (\\d+)$`, "m").exec(stat)?.[1];
  const capacity = bytesIn(limit);
  const used = bytesIn(usage) - bytesIn(inactive ?? "");
  if (!(capacity < LEAST_NO_LIMIT_BYTES) || Number.isNaN(used)) return undefined;
  return { available: Math.max(0, capacity - Math.max(0, used)), capacity };
}

/** NaN for anything but a number, such as `max`. */
const bytesIn = (text: string): number => (/^\d+\s*$/.test(text) ? Number(text) : Number.NaN);
