import { describe, it } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import { openCluster } from "../../src/kube/connect.ts";
import { silentMeter } from "../../src/pod/metrics.ts";
import { apiContract } from "./contract.ts";

/** A throw-away cluster: the kubeconfig of a node that is not there yet, and its name. */
const { BERTH_CONTRACT_KUBECONFIG: kubeconfig, BERTH_CONTRACT_NODE: nodeName } = process.env;

if (kubeconfig === undefined || nodeName === undefined) {
  describe.skip("an API server, a real one", () =>
    it("is named by BERTH_CONTRACT_KUBECONFIG and BERTH_CONTRACT_NODE", () => {}));
} else {
  apiContract("a real one", async () => {
    const times = { timeoutMs: 20_000, heartbeatTimeoutMs: 20_000 };
    const doors = await openCluster({ kubeconfig, version: "test", log: silentLog, meter: silentMeter, ...times });
    return { cluster: doors.general, nodeName, close: async () => doors.close() };
  });
}
