// A real control plane on loopback, to try things by hand:
//   node dev/cluster/main.ts build             makes its programs (minutes, once)
//   node dev/cluster/main.ts up [FOLDER]       prints how to reach it; it goes on when this program ends
//   node dev/cluster/main.ts down [FOLDER]
import { fail, messageOf, say } from "../say.ts";
import { defaultClusterFolder, programPath } from "./places.ts";
import { makeClusterPrograms } from "./programs.ts";
import { startCluster } from "./start.ts";
import { stopCluster } from "./stop.ts";

const [verb, folder = defaultClusterFolder] = process.argv.slice(2);

try {
  if (verb === "build") await makeClusterPrograms();
  else if (verb === "up") await up();
  else if (verb === "down") await stopCluster(folder);
  else fail("say build, up or down");
} catch (thrown) {
  fail(messageOf(thrown));
}
process.exit(0); // what was started goes on

async function up(): Promise<void> {
  await makeClusterPrograms();
  say("starting etcd, kube-apiserver, kube-controller-manager, kube-scheduler");
  const cluster = await startCluster(folder);
  console.log(`server      ${cluster.server}`);
  console.log(`kubectl     ${programPath("kubectl")} --kubeconfig ${cluster.kubeconfig}`);
  console.log(`a node      berthd --kubeconfig ${await cluster.nodeKubeconfig("berth")} --hostname-override berth`);
  console.log(`bootstrap   ${await cluster.bootstrapKubeconfig()}`);
}
