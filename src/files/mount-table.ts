import { readFile } from "node:fs/promises";

/** One line of the kernel's table of mounts. */
export type MountPoint = {
  readonly path: string;
  readonly fileSystem: string;
  /** Major and minor number, `8:1`. */
  readonly device: string;
};

/** The mounts that this process sees, in the order in which they were made. */
export async function readMountTable(): Promise<readonly MountPoint[]> {
  return parseMountTable(await readFile("/proc/self/mountinfo", "utf8"));
}

/** Reads the text of /proc/PID/mountinfo; lines that make no sense are left out. */
export function parseMountTable(text: string): MountPoint[] {
  return text.split("\n").flatMap((line) => {
    const fields = line.split(" ");
    const [device, path] = [fields[2], fields[4]];
    // Optional fields of unknown number end with a lone hyphen.
    const fileSystem = fields[fields.indexOf("-", 6) + 1];
    if (device === undefined || path === undefined || fileSystem === undefined) return [];
    return [{ path: withoutEscapes(path), fileSystem, device }];
  });
}

/** Mounts on the directory or anywhere below it, in the order in which they were made. */
export function mountsWithin(table: readonly MountPoint[], directory: string): readonly MountPoint[] {
  return table.filter(({ path }) => path === directory || path.startsWith(`${directory}/`));
}

/** Blanks and backslashes stand in the table as octal bytes; the text as a whole may be any bytes. */
function withoutEscapes(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
