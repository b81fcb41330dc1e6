import type { Release } from "./release.ts";

/** The newest part of CHANGELOG.md in Debian's form, as dpkg and apt show it. */
export function debianChangelog({ version, maintainer, madeSeconds }: Release, changelog: string): string {
  const [, newest = ""] = changelog.split(/^## .*$/m);
  const items = newest
    .split(/^- /m)
    .slice(1)
    .map((item) => wrap(item.trim().split(/\s+/)));
  const lines = items.flatMap(([first = "", ...more]) => [`  * ${first}`, ...more.map((line) => `    ${line}`)]);
  const date = new Date(madeSeconds * 1000).toUTCString().replace("GMT", "+0000");
  return [`berth (${version}) unstable; urgency=medium`, "", ...lines, "", ` -- ${maintainer}  ${date}`, ""].join("\n");
}

const WIDTH = 74;

function wrap(words: readonly string[]): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
