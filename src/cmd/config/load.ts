import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { readWhole } from "../../base/bounded-file.ts";
import type { Finding } from "./finding.ts";
import type { ReadFlags } from "./flags.ts";
import { type Merged, mergeAssignments } from "./merge.ts";
import { type Assignment, type ReadFile, readConfigFile } from "./read-document.ts";
import { checkRules } from "./rules.ts";
import { ALL_ROWS } from "./settings.ts";

/** Where the configuration lies when no flag says otherwise; either may be missing. */
export const USUAL_CONFIG = "/etc/berth/config.yaml";
export const USUAL_CONFIG_DIR = "/etc/berth/config.d";

/** Bytes of one configuration file. @limit It is an error, and berthd does not start. */
const LARGEST_FILE_BYTES = 1024 * 1024;

/** The configuration in effect and all that is wrong with it; with an error among the findings it must not be used. */
export type Loaded = Merged & { readonly findings: readonly Finding[] };

/** Reads files, drop-ins, environment and flags, each winning over the one before it (node.md 8.1). */
export async function loadSettings(
  flags: ReadFlags,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Loaded> {
  const main = await readOne(resolve(flags.configPath ?? USUAL_CONFIG), flags.configPath === undefined);
  const dropIns = await readDropIns(resolve(flags.configDir ?? USUAL_CONFIG_DIR), flags.configDir === undefined);
  const variables = readEnvironment(environment);
  const files = [main, ...dropIns, variables];
  const merged = mergeAssignments([...files.map((file) => file.assignments), flags.assignments]);
  return {
    ...merged,
    findings: [...files.flatMap((file) => file.findings), ...pendingFlags(flags), ...checkRules(merged)],
  };
}

const NOTHING: ReadFile = { assignments: [], findings: [] };

async function readOne(path: string, mayBeMissing: boolean): Promise<ReadFile> {
  try {
    return readConfigFile(path, await readWhole(path, LARGEST_FILE_BYTES));
  } catch (error) {
    if (mayBeMissing && isMissing(error)) return NOTHING;
    return unreadable(path, error);
  }
}

async function readDropIns(dir: string, mayBeMissing: boolean): Promise<ReadFile[]> {
  try {
    const names = await readdir(dir, { recursive: true });
    const wanted = names.filter((name) => name.endsWith(".conf")).sort();
    return await Promise.all(wanted.map((name) => readOne(join(dir, name), false)));
  } catch (error) {
    return mayBeMissing && isMissing(error) ? [] : [unreadable(dir, error)];
  }
}

function readEnvironment(environment: Readonly<Record<string, string | undefined>>): ReadFile {
  const assignments: Assignment[] = [];
  const findings: Finding[] = [];
  for (const { key, row } of ALL_ROWS) {
    const written = row.env === undefined ? undefined : environment[row.env];
    if (row.env === undefined || written === undefined || written === "") continue;
    const place = { kind: "environment", name: row.env } as const;
    const parsed = row.kind.readText(written);
    if (parsed.ok) assignments.push({ key, value: parsed.value, place });
    else findings.push({ severity: "error", place, message: `expected ${parsed.expected}` });
  }
  return { assignments, findings };
}

function pendingFlags(flags: ReadFlags): Finding[] {
  const pending = new Map(ALL_ROWS.filter(({ row }) => row.pending).map(({ key, row }) => [key, row.flag]));
  return flags.assignments
    .filter(({ key }) => pending.has(key))
    .map(({ place }) => ({ severity: "warning", place, message: "not supported by this version; it has no effect" }));
}

function unreadable(path: string, error: unknown): ReadFile {
  const message = `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  return { assignments: [], findings: [{ severity: "error", place: { kind: "file", path }, message }] };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
