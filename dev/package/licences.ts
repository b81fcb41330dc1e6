import { readFile } from "node:fs/promises";
import type { NodeRuntime } from "./node-binary.ts";
import type { BundledPackage } from "./packages.ts";

/** The text of the copyright file: Berth's licence, and that of everything that is delivered with it. */
export async function licences(packages: readonly BundledPackage[], runtime: NodeRuntime): Promise<string> {
  const list = packages.map(({ name, version, licence }) => `  ${name} ${version} (${licence})`);
  return [
    "Berth",
    "Copyright the Berth authors. Licensed under the Apache License, Version 2.0; on Debian systems its text is also in",
    "/usr/share/common-licenses/Apache-2.0.",
    "",
    "The programs contain these packages of npm, under the licences that follow:",
    ...list,
    `and run on Node.js ${runtime.version}, which is delivered unchanged but for its debugging symbols, under the licences at`,
    "the end.",
    ...packages.flatMap((one) => chapter(`${one.name} ${one.version}`, ownWords(one))),
    ...chapter(`Node.js ${runtime.version}, and what it contains`, await readFile(runtime.licence, "utf8")),
    "",
  ].join("\n");
}

/** The text of the Apache licence is the same for all and stands on every Debian system. */
const ownWords = ({ licence, licenceText }: BundledPackage): string =>
  licence === "Apache-2.0" ? "Apache License, Version 2.0: see /usr/share/common-licenses/Apache-2.0" : licenceText;

const chapter = (title: string, text: string): string[] => ["", "=".repeat(80), title, "=".repeat(80), "", text.trim()];
