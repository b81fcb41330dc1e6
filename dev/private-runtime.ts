// Starts a private containerd for trying things by hand, and takes it down again:
//   node dev/private-runtime.ts up [distro|2] [FOLDER]      prints where it listens; it goes on when this program ends
//   node dev/private-runtime.ts down [distro|2] [FOLDER]
import { join } from "node:path";
import { workFolder } from "./paths.ts";
import { programsOf, type RuntimeVersion } from "./runtime/places.ts";
import { startRuntime } from "./runtime/start.ts";
import { stopRuntime } from "./runtime/stop.ts";
import { fail, messageOf } from "./say.ts";

const [verb, word = "2", place] = process.argv.slice(2);
const version = word === "2" || word === "distro" ? word : fail(`${word}: neither "distro" nor "2"`);
const folder = place ?? join(workFolder, "run", `by-hand-${version}`);

try {
  if (verb === "up") await up(version);
  else if (verb === "down") await stopRuntime(folder);
  else fail("say up or down");
} catch (thrown) {
  fail(messageOf(thrown));
}
process.exit(0); // what was started goes on

async function up(version: RuntimeVersion): Promise<void> {
  const runtime = await startRuntime({ folder, version });
  console.log(`endpoint     ${runtime.endpoint}`);
  console.log(
    `pod network  ${runtime.network.subnet} on ${runtime.network.bridge}, the host is ${runtime.network.gateway}`,
  );
  console.log(`cgroup root  ${runtime.cgroupRoot}`);
  console.log(`registry     ${runtime.registry.url} (mirror of every registry)`);
  console.log(`log          ${runtime.places.log}`);
  console.log(`ctr          ${programsOf(version).ctr} --address ${runtime.places.socket} --namespace k8s.io`);
}
