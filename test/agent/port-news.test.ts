import { describe, expect, it } from "vitest";
import type * as v1 from "../../src/pod/v1.ts";
import { plainPod } from "../kit/compiled-pod.ts";
import type { Document } from "../kit/source.ts";
import { makeWorld } from "../kit/world.ts";

const pod = (port: v1.ContainerPort, spec: Partial<v1.PodSpec> = {}): Document => ({
  kind: "pod",
  manifest: plainPod("web", { containers: [{ name: "app", image: "app:1", ports: [port] }], ...spec }),
});

/** Events of a pod on a network with this list. */
async function events(document: Document, list: () => Promise<string | undefined>): Promise<string[]> {
  const host = makeWorld({
    through: ({ runtime, images }) => ({ runtime: { ...runtime, listWithoutPortMap: list }, images }),
  });
  host.directory.put("web.yaml", document);
  await host.start();
  await host.clock.advance(1000);
  expect(host.pod("web")?.status?.phase).toBe("Running");
  return host.trace.flatMap(({ kind, text }) => (kind === "event" && text.includes("HostPort") ? [text] : []));
}

describe("a hostPort on a network that leads none to pods", () => {
  const none = async () => "pods";
  it("is told to the pod, which runs all the same", async () => {
    expect(await events(pod({ containerPort: 80, hostPort: 8080 }), none)).toEqual([
      expect.stringMatching(
        /^Warning HostPortUnmapped web-node: hostPort 8080 leads nowhere: the CNI list "pods" has no/,
      ),
    ]);
  });

  it.each<[string, Document, () => Promise<string | undefined>]>([
    ["where ports are mapped", pod({ containerPort: 80, hostPort: 8080 }), async () => undefined],
    ["without a hostPort", pod({ containerPort: 80 }), none],
    ["on the host's network", pod({ containerPort: 80, hostPort: 80 }, { hostNetwork: true }), none],
    [
      "when the runtime does not answer",
      pod({ containerPort: 80, hostPort: 1 }),
      () => Promise.reject(new Error("no")),
    ],
  ])("is no matter %s", async (_name, document, list) => {
    expect(await events(document, list)).toEqual([]);
  });
});
