// `make down`: takes away what `make run` started. With `all`, every private runtime of this checkout.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { defaultClusterFolder } from "./cluster/places.ts";
import { stopCluster } from "./cluster/stop.ts";
import { workFolder } from "./paths.ts";
import { stopRuntime } from "./runtime/stop.ts";
import { sampleFolder } from "./sample.ts";
import { fail, messageOf } from "./say.ts";

try {
  const run = join(workFolder, "run");
  const all = process.argv[2] === "all";
  const names = all ? await readdir(run, { withFileTypes: true }).catch(() => []) : [];
  const folders = all ? names.flatMap((entry) => (entry.isDirectory() ? [join(run, entry.name)] : [])) : [sampleFolder];
  for (const folder of folders) await stopRuntime(folder);
  await stopCluster(defaultClusterFolder);
} catch (thrown) {
  fail(messageOf(thrown));
}
