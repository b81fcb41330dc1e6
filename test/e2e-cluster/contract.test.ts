import { randomBytes } from "node:crypto";
import { silentLog } from "../../src/base/log.ts";
import { openCluster } from "../../src/kube/connect.ts";
import { silentMeter } from "../../src/pod/metrics.ts";
import { apiContract } from "../contract-api/contract.ts";
import { openSomeCluster } from "./open-cluster.ts";

// What the fast tests rely on of their server holds of a real one: the same contract, unchanged (test/contract-api/).

apiContract("a real one", async () => {
  const cluster = await openSomeCluster("cluster-contract");
  const nodeName = `n${randomBytes(3).toString("hex")}`;
  const kubeconfig = await cluster.nodeKubeconfig(nodeName);
  const times = { timeoutMs: 20_000, heartbeatTimeoutMs: 20_000 };
  const doors = await openCluster({
    kubeconfig,
    environment: {},
    version: "test",
    log: silentLog,
    meter: silentMeter,
    ...times,
  });
  return {
    cluster: doors.general,
    nodeName,
    async close() {
      doors.close();
      await cluster.stop();
    },
  };
});
