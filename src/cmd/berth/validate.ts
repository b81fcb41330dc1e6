import { hostname } from "node:os";
import type { Problem } from "../../pod/problem.ts";
import type { SeenDocument } from "../../pod/source.ts";
import type { Call, Command } from "./command.ts";
import { filesOf, readBytes } from "./manifest-files.ts";
import { sentence } from "./problem-words.ts";
import { usageFailure } from "./terminal.ts";

export const validate: Command = {
  usage: "FILE...",
  help: "Check manifests without berthd: files, directories, or - for standard input.",
  flags: ["filename", "output"],
  flagHelp: { output: "json." },
  examples: ["berth validate web.yaml", "berth validate /etc/berth/manifests", "berth validate -o json *.yaml"],
  async run(call) {
    const written = [...call.words, ...call.values("filename")];
    if (written.length === 0) throw usageFailure("validate which files?");
    const form = call.value("output");
    if (form !== undefined && form !== "json") throw usageFailure("validate knows -o json only");
    const found = await checkAll(call, written);
    const problems = found.flatMap((each) => each.problems);
    if (form === "json") await call.terminal.out.write(`${JSON.stringify(problems, undefined, 4)}\n`);
    else await call.terminal.out.write(found.map(verdict).join(""));
    return problems.some(({ severity }) => severity === "error") ? 1 : 0;
  },
};

type Checked = {
  readonly path: string;
  readonly problems: readonly Problem[];
  readonly documents: readonly SeenDocument[];
};

/** Each file on its own, in the order of the command line. The compiler is loaded only for this. */
async function checkAll(call: Call, written: readonly string[]): Promise<Checked[]> {
  const { makeWorkshop } = await import("../../manifest/workshop.ts");
  const workshop = makeWorkshop();
  const checked: Checked[] = [];
  try {
    for (const path of (await Promise.all(written.map(filesOf))).flat()) {
      const bytes = await readBytes(call, path);
      const request = {
        path,
        bytes,
        seenWallMs: call.terminal.now(),
        nodeName: hostname(),
        unknownFields: "error",
      } as const;
      const { file } = await workshop.compile(request);
      checked.push({ path, problems: file.problems, documents: file.documents });
    }
  } finally {
    await workshop.close();
  }
  return checked;
}

/** What is wrong with a file, or what is in it. */
function verdict({ path, problems, documents }: Checked): string {
  const errors = problems.filter(({ severity }) => severity === "error");
  const lines = problems.map(sentence).join("");
  if (errors.length > 0) return lines;
  const pods = documents.filter(({ kind }) => kind === "pod").length;
  const others = documents.length - pods;
  const counts = [
    pods > 0 || others === 0 ? counted(pods, "pod", "pods") : "",
    others > 0 ? counted(others, "ConfigMap or Secret", "ConfigMaps and Secrets") : "",
  ];
  return `${lines}${path}: good, ${counts.filter(Boolean).join(" and ")}\n`;
}

const counted = (count: number, one: string, more: string): string => `${count} ${count === 1 ? one : more}`;
