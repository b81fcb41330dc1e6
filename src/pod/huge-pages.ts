import { ceilUnits, parseQuantity, type Quantity } from "./quantity.ts";

/** What resources of huge pages are called, before their size. */
const PREFIX = "hugepages-";
const SUFFIXES = ["Ki", "Mi", "Gi"];

/** Whether a resource is huge pages of some size. */
export const isHugePages = (resource: string): boolean => resource.startsWith(PREFIX);

/** The resource's name for pages of so many KiB, as nodes tell it: hugepages-2Mi. */
export function hugePagesName(kib: number): string {
  let [size, place] = [kib, 0];
  while (size >= 1024 && size % 1024 === 0 && place < SUFFIXES.length - 1) {
    size /= 1024;
    place += 1;
  }
  return `${PREFIX}${size}${SUFFIXES[place]}`;
}

/** The size as the kernel's files are called: 2MB, 1GB, counted in 1024s. */
export const pageSizeOf = (kib: number): string => `${hugePagesName(kib).slice(PREFIX.length, -1)}B`;

/** The amount of pages of so many KiB; `hugepages-2Mi` and `hugepages-2048Ki` mean the same. */
export function hugePagesIn(resources: ReadonlyMap<string, Quantity>, kib: number): Quantity | undefined {
  for (const [name, amount] of resources) {
    const size = isHugePages(name) ? parseQuantity(name.slice(PREFIX.length)) : undefined;
    if (size !== undefined && ceilUnits(size) === kib * 1024) return amount;
  }
  return undefined;
}
