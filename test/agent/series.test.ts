import { expect, it } from "vitest";
import { makeMetrics } from "../../src/serve/metrics.ts";
import { plainPod } from "../kit/compiled-pod.ts";
import { makeWorld } from "../kit/world.ts";

const PODS = 100;
/** A hundred pods cost no more series than one: nothing on this page is labelled by pod. */
const MOST_SERIES = 400;
const seriesOf = (page: string): string[] => page.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

it(`the series for ${PODS} pods are bounded, and those of a pod go with it`, async () => {
  const metrics = makeMetrics("1.2.3");
  const host = makeWorld({ meter: metrics.meter });
  const probed = { readinessProbe: { httpGet: { port: 80 }, periodSeconds: 5 } };
  const put = (count: number, from = 0): void => {
    for (let place = from; place < count; place += 1) {
      const pod = plainPod(`web-${place}`);
      const [app] = pod.spec?.containers ?? [];
      if (app !== undefined) Object.assign(app, probed);
      host.directory.put(`web-${place}.yaml`, { kind: "pod", manifest: pod });
    }
  };
  const pageOf = async (page: "main" | "probes") => seriesOf((await metrics.page(page)).text);
  try {
    await host.start();
    await host.clock.advance(100);
    put(1);
    await host.clock.advance(6_000);
    const forOne = (await pageOf("main")).length;
    const probesOfOne = (await pageOf("probes")).length;
    put(PODS, 1);
    await host.clock.advance(10_000);
    const main = await pageOf("main");
    console.log(
      `${PODS} pods: ${main.length} series on /metrics (${forOne} with one pod), ${(await pageOf("probes")).length} on /metrics/probes`,
    );
    expect(main).toContain(`kubelet_running_pods ${PODS}`);
    expect(main).toContain(`kubelet_active_pods{static="true"} ${PODS}`);
    expect(main.length).toBeLessThan(MOST_SERIES);
    expect(main.length - forOne).toBeLessThan(20);
    expect(main.filter((line) => line.includes("web-"))).toEqual([]);
    const ofOnePod = (await pageOf("probes")).filter((line) => line.includes('pod="web-7-node"'));
    expect(ofOnePod.length).toBeGreaterThan(0);
    expect((await pageOf("probes")).length).toBeLessThanOrEqual(PODS * probesOfOne);

    for (let place = 0; place < PODS; place += 1) host.directory.remove(`web-${place}.yaml`);
    await host.clock.advance(40_000);
    expect((await pageOf("main")).find((line) => line.startsWith("kubelet_running_pods"))).toBe(
      "kubelet_running_pods 0",
    );
    expect((await pageOf("main")).find((line) => line.startsWith("kubelet_active_pods"))).toBe(
      'kubelet_active_pods{static="true"} 0',
    );
    expect((await pageOf("probes")).filter((line) => line.includes("web-"))).toEqual([]);
    const ended = (await pageOf("main")).filter((line) => line.startsWith("kubelet_terminated_containers_total"));
    expect(ended.length).toBeGreaterThan(0);
    await host.stop();
  } finally {
    metrics.close();
  }
}, 60_000);
