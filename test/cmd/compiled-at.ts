import { fullPod } from "../../src/decide/full-pod.ts";
import { compileFile } from "../../src/manifest/compile.ts";
import type * as v1 from "../../src/pod/v1.ts";

/** The pod that berthd on node1 makes of a manifest at this path, as its API shows it. */
export async function compiledAt(path: string, text: string): Promise<v1.Pod> {
  const request = { path, bytes: Buffer.from(text), seenWallMs: 0, nodeName: "node1", unknownFields: "error" } as const;
  const [document] = compileFile(request).documents;
  if (document?.kind !== "pod") throw new Error("it is no pod");
  return fullPod({ pod: document.pod, status: { phase: "Running" } });
}
