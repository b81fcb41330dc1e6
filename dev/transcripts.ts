// `make transcripts`: plays pages of docs/ on a private containerd and writes what the commands on them print now.
// PAGES=docs/command-line.md for one of them. The steps are comments in the pages themselves. The page of a cluster is played
// on a node of a real control plane, whose programs are compiled once, for minutes.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeClusterPrograms } from "./cluster/programs.ts";
import { type Cluster, startCluster } from "./cluster/start.ts";
import { checkout, workFolder } from "./paths.ts";
import { startRuntime } from "./runtime/start.ts";
import { newestVersion } from "./sample.ts";
import { fail, messageOf, say } from "./say.ts";
import { hasTmux } from "./tmux.ts";
import { playPage } from "./transcripts/page.ts";
import { openHost } from "./transcripts/stage.ts";

const CLUSTER_PAGE = "docs/cluster.md";
const PAGES = (process.env.PAGES || `docs/command-line.md docs/troubleshooting.md ${CLUSTER_PAGE}`).split(/\s+/);

if (!hasTmux()) fail("the screens on the pages need tmux: apt-get install tmux");
for (const page of PAGES) {
  say(`playing ${page}`);
  await playAlone(page).catch((thrown: unknown) => fail(`${page}: ${messageOf(thrown)}`));
}

async function playAlone(page: string): Promise<void> {
  if (page !== CLUSTER_PAGE) return play(join(checkout, page));
  await makeClusterPrograms();
  const cluster = await startCluster(join(workFolder, "run/transcripts-cluster"));
  try {
    await play(join(checkout, page), cluster);
  } finally {
    await cluster.stop();
  }
}

async function play(path: string, cluster?: Cluster): Promise<void> {
  const runtime = await startRuntime({ folder: join(workFolder, "run/transcripts"), version: newestVersion() });
  try {
    const host = await openHost(runtime, cluster);
    try {
      await writeFile(path, await playPage(await readFile(path, "utf8"), host.stage));
    } finally {
      await host.close();
    }
  } finally {
    await runtime.stop();
  }
}
