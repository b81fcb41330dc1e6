/** A text of one run that stands for the same thing in every run. */
export type Stand = readonly [from: string, to: string];

const AGES = ["8s", "12s", "100s"];

/**
 * Takes out of a transcript what differs from run to run: names of the private place, ids, addresses, times, ages,
 * measurements, and what is said of a wait, which only a slow machine has. Words keep their width where a table stands or falls with it.
 */
export function steady(text: string, stands: readonly Stand[]): string {
  let told = text;
  for (const [from, to] of stands) told = told.replaceAll(from, to);
  const ids = new Map<string, string>();
  const idOf = (id: string): string => {
    const known =
      ids.get(id) ??
      String(ids.size + 1)
        .repeat(id.length)
        .slice(0, id.length);
    ids.set(id, known);
    return known;
  };
  const suffixes = new Map<string, string>();
  /** Pods of a controller are told apart by letters, in the order in which they are first seen. */
  const suffixOf = (suffix: string): string => {
    const letter = "abcdefgh"[suffixes.size] ?? "z";
    const known = suffixes.get(suffix) ?? letter.repeat(suffix.length);
    suffixes.set(suffix, known);
    return known;
  };
  return told
    .replace(/\b[0-9a-f]{64}\b/g, idOf)
    .replace(
      /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g,
      "0f0e0d0c-0b0a-4908-8706-050403020100",
    )
    .replace(/\b10\.21\d\.\d+\.\d+ {3,}(?=\S)/g, "10.85.0.7   ")
    .replace(/\bIP {3,}(?=NODE\b)/g, "IP          ")
    .replace(/\b10\.21\d\.\d+\.\d+\b/g, (address) => "10.85.0.7".padEnd(address.length))
    .replace(/(?<=10\.85\.0\.7) +(?=[)\n:/;,.]|$)/gm, "")
    .replace(/(?<=config\.hash: )[0-9a-f]{32}\b/g, "0".repeat(32))
    .replace(
      /\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)/g,
      (_, part = "") => `2026-01-02T03:04:05${part && `.${"0".repeat(part.length - 1)}`}Z`,
    )
    .replace(/\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} 20\d\d \d\d:\d\d:\d\d/g, "Fri, 02 Jan 2026 03:04:05")
    .replace(/\b\d+m\d+s\b/g, (age) => (age.length === 4 ? "2m3s" : "2m34s".padEnd(age.length)))
    .replace(/\b[0-9a-f]{32}\b/g, "0f0e0d0c0b0a49088706050403020100")
    .replace(/(?<=\b(csr|default-token)-)[a-z0-9]{5}\b/g, "abcde")
    .replace(/(?<=\b[a-z]+-[0-9a-f]{8,10}-)[a-z0-9]{5}(?![a-z0-9])/g, (suffix) => suffixOf(suffix))
    .replace(/\b\d{6,}(?=Ki\b)/g, (size) => "12345678".slice(-size.length).padStart(size.length, "1"))
    .replace(/(?<=^ +ephemeral-storage: +)\d+$/gm, (size) => "123456789012".slice(-size.length))
    .replace(/(?<=(?<! for)[ (]|^)(\d+)s(?=[ )]|$)/gm, (age) => AGES[age.length - 2] ?? age)
    .replace(/\b\d+m(?= +\d+(Mi|%))/g, (cpu) => "4m".padEnd(cpu.length))
    .replace(/(?<!hugepages-|memory: +|^ {2}(?:memory|default) .*)\b\d+Mi\b/gm, (memory) =>
      "12345Mi".slice(-Math.max(3, memory.length)),
    )
    .replace(/ \d+%(?: |$)/gm, (share) => ` ${"3%".padEnd(share.trim().length)}${share.endsWith(" ") ? " " : ""}`)
    .replace(/^waiting for .*\n/gm, "")
    .replace(/(?<=tried again in )\d+ s\b/g, "8 s")
    .replace(/\b\d+(?=\s+times\s+so\s+far)/g, "3")
    .replace(/(?<=\bin )\d+ ms\b(, \d+ times in a row)?/g, "4 ms")
    .replace(/(?<=^Node: +box\/)\S+/gm, "192.0.2.1")
    .replace(/\d+ instances, \d+ watches/g, "128 instances, 8192 watches")
    .replace(/(?<=^good .*)\d+\.\d GiB free \(\d+ %\), \d+ %/gm, "41.3 GiB free (62 %), 91 %")
    .replace(/[ \t]+$/gm, "");
}
