import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "../run-command.ts";
import { say } from "../say.ts";

/** One entry of the machine's own apt sources that leads to the main Debian archive. */
export type DebianEntry = { uri: string; signedBy: string | undefined };

/** A newer Debian suite that apt can download from, without the machine's own apt knowing of it. */
export type Suite = { name: string; options: string[] };

let listsAreFresh = false;

/** Refreshes the machine's own package lists, once per program. */
export async function refreshLists(): Promise<void> {
  if (listsAreFresh) return;
  say("refreshing the package lists (apt-get update)");
  await runCommand("apt-get", ["update"]);
  listsAreFresh = true;
}

/**
 * Finds the main Debian archive among the machine's own sources. apt itself reads them, so both forms (one line, deb822)
 * and every mirror work. Needs package lists. Throws when there is no such entry.
 */
export async function findDebianEntry(): Promise<DebianEntry> {
  const listing = await runCommand("apt-get", ["indextargets", "Created-By: Packages"]);
  const targets = listing.split("\n\n").map(readStanza);
  const main = targets.find(
    (target) =>
      target.Origin === "Debian" &&
      target.Label === "Debian" &&
      target.Component === "main" &&
      !/-(updates|security|backports)/.test(target.Release ?? ""),
  );
  const uri = main?.["Repo-URI"];
  if (!main || !uri) throw new Error("no main Debian archive among the machine's apt sources (apt-get indextargets)");
  return { uri, signedBy: await readSignedBy(main.Sourcesentry ?? "") };
}

/**
 * Writes an apt configuration of its own for another suite of the same archive, with its sources where they are wanted.
 * Signatures are checked as always.
 */
export async function openSuite(name: string, entry: DebianEntry, folder: string, types = "deb"): Promise<Suite> {
  await mkdir(join(folder, "lists/partial"), { recursive: true });
  await mkdir(join(folder, "cache/archives/partial"), { recursive: true });
  const signedBy = entry.signedBy ? `Signed-By: ${entry.signedBy}\n` : "";
  const source = `Types: ${types}\nURIs: ${entry.uri}\nSuites: ${name}\nComponents: main\n${signedBy}`;
  await writeFile(join(folder, `${name}.sources`), source);
  await writeFile(join(folder, "status"), "");
  const settings = {
    "Dir::Etc::SourceList": join(folder, `${name}.sources`),
    "Dir::Etc::SourceParts": "/dev/null",
    "Dir::Etc::Preferences": "/dev/null",
    "Dir::Etc::PreferencesParts": "/dev/null",
    "Dir::State::Lists": join(folder, "lists"),
    "Dir::State::Status": join(folder, "status"),
    "Dir::Cache": join(folder, "cache"),
    "APT::Sandbox::User": "root",
    "Acquire::Languages": "none",
  };
  const options = Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  await runCommand("apt-get", [...options, "update", "-o", "APT::Update::Error-Mode=any"]);
  return { name, options };
}

/** The version of a package that a suite (or the machine, without one) offers; undefined when it has none. */
export async function offeredVersion(packageName: string, suite?: Suite): Promise<string | undefined> {
  const policy = await runCommand("apt-cache", [...(suite?.options ?? []), "policy", packageName], {
    env: { ...process.env, LC_ALL: "C" },
  });
  const candidate = /Candidate: (\S+)/.exec(policy)?.[1];
  return candidate === "(none)" ? undefined : candidate;
}

function readStanza(text: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const colon = line.indexOf(": ");
    if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 2);
  }
  return fields;
}

/** Reads the Signed-By of one entry, named as `file:line` by apt; it may be a path or a whole key over several lines. */
async function readSignedBy(entry: string): Promise<string | undefined> {
  const [, file, line] = /^(.*):(\d+)$/.exec(entry) ?? [];
  if (!file || !line) return undefined;
  const lines = (await readFile(file, "utf8")).split("\n");
  if (!file.endsWith(".sources")) return /signed-by=([^\s\]]+)/i.exec(lines[Number(line) - 1] ?? "")?.[1];
  return stanzaField(stanzaAround(lines, Number(line) - 1), "signed-by");
}

/** The lines of the deb822 stanza that holds a line; apt counts from the stanza's start, comments and blanks included. */
function stanzaAround(lines: string[], index: number): string[] {
  let start = index;
  while (start < lines.length && (lines[start] ?? "").trim() === "") start += 1;
  while (start > 0 && (lines[start - 1] ?? "").trim() !== "") start -= 1;
  const length = lines.slice(start).findIndex((line) => line.trim() === "");
  return lines.slice(start, length < 0 ? undefined : start + length);
}

function stanzaField(stanza: string[], name: string): string | undefined {
  const at = stanza.findIndex((line) => line.toLowerCase().startsWith(`${name}:`));
  const first = stanza[at];
  if (first === undefined) return undefined;
  const rest = stanza.slice(at + 1);
  const end = rest.findIndex((line) => !/^\s/.test(line));
  return [first.slice(name.length + 1).trim(), ...rest.slice(0, end < 0 ? undefined : end)].join("\n");
}
