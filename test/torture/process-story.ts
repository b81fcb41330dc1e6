import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** What a process does at the moment, for the story of a failure: its share of a core, and where each thread waits. */
export async function processStory(pid: number): Promise<string> {
  const folder = `/proc/${pid}`;
  try {
    const before = await ticksOf(folder);
    await sleep(1_000);
    const share = (await ticksOf(folder)) - before;
    const kib = Number(/^VmRSS:\s+(\d+)/m.exec(await readFile(`${folder}/status`, "utf8"))?.[1] ?? 0);
    const fds = (await readdir(`${folder}/fd`)).length;
    const threads = await Promise.all(
      (await readdir(`${folder}/task`)).map((id) => threadStory(`${folder}/task/${id}`)),
    );
    return [`process ${pid}: ${share} % of a core, ${Math.round(kib / 1024)} MiB, ${fds} descriptors`, ...threads].join(
      "\n",
    );
  } catch {
    return `process ${pid} is gone`;
  }
}

/** Hundredths of a second in user and kernel mode. */
async function ticksOf(folder: string): Promise<number> {
  const stat = await readFile(`${folder}/stat`, "latin1");
  const words = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(words[11]) + Number(words[12]);
}

async function threadStory(folder: string): Promise<string> {
  const read = (name: string): Promise<string> => readFile(`${folder}/${name}`, "latin1").catch(() => "");
  const state = /^State:\s+(\S)/m.exec(await read("status"))?.[1] ?? "?";
  const stack = (await read("stack"))
    .split("\n")
    .slice(0, 3)
    .join(" ")
    .replaceAll(/\[<0>\]\s+/g, "");
  return `  ${(await read("comm")).trim()} ${state} ${await read("wchan")} ${stack}`.trimEnd();
}
