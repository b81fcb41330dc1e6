// `make transcripts`: plays docs/command-line.md and docs/troubleshooting.md on a private containerd and writes what the
// commands on them print now. PAGES=docs/command-line.md for one of them. The steps are comments in the pages themselves.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkout, workFolder } from "./paths.ts";
import { startRuntime } from "./runtime/start.ts";
import { newestVersion } from "./sample.ts";
import { fail, messageOf, say } from "./say.ts";
import { hasTmux } from "./tmux.ts";
import { playPage } from "./transcripts/page.ts";
import { openHost } from "./transcripts/stage.ts";

const PAGES = (process.env.PAGES || "docs/command-line.md docs/troubleshooting.md").split(/\s+/);

if (!hasTmux()) fail("the screens on the pages need tmux: apt-get install tmux");
for (const page of PAGES) {
  say(`playing ${page}`);
  await play(join(checkout, page)).catch((thrown: unknown) => fail(`${page}: ${messageOf(thrown)}`));
}

async function play(path: string): Promise<void> {
  const runtime = await startRuntime({ folder: join(workFolder, "run/transcripts"), version: newestVersion() });
  try {
    const host = await openHost(runtime);
    try {
      await writeFile(path, await playPage(await readFile(path, "utf8"), host.stage));
    } finally {
      await host.close();
    }
  } finally {
    await runtime.stop();
  }
}
