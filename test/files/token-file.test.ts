import { describe, expect, it } from "vitest";
import { payloadOf } from "../../src/files/payload.ts";
import type { DocumentBodies } from "../../src/pod/document.ts";
import { TOKEN_DATA_KEY, tokenKey } from "../../src/pod/token-use.ts";
import type * as v1 from "../../src/pod/v1.ts";
import { desiredPod } from "../kit/compiled-pod.ts";
import { pod } from "../kit/pictures.ts";

const PROJECTION = { path: "token", expirationSeconds: 3607 };
const allocatable = { cpuMillis: 1, memoryBytes: 1 };
const spec: v1.Volume = {
  name: "kube-api-access",
  projected: { defaultMode: 0o644, sources: [{ serviceAccountToken: PROJECTION }] },
};
const volume = { name: spec.name, spec, documents: [] };
const withGroup = (fsGroup?: number) =>
  pod({ spec: { containers: [], ...(fsGroup === undefined ? {} : { securityContext: { fsGroup } }) } });
const TOKEN = {
  type: "",
  data: new Map([[TOKEN_DATA_KEY, new Uint8Array(Buffer.from("abc"))]]),
  binaryKeys: new Set<string>(),
};
const bodies: DocumentBodies = new Map([[tokenKey(withGroup(), PROJECTION), TOKEN]]);

describe("the file of a service account's token (node.md 3.9)", () => {
  it("has the volume's mode, and its owner's alone where the pod has an fsGroup", () => {
    const plain = payloadOf(volume, { pod: withGroup(), bodies, allocatable })?.get("token");
    expect([Buffer.from(plain?.data ?? []).toString(), plain?.mode]).toEqual(["abc", 0o644]);
    expect(payloadOf(volume, { pod: withGroup(1000), bodies, allocatable })?.get("token")?.mode).toBe(0o600);
  });

  it.each<[string, v1.PodSpec, { mode: number; owner?: number }]>([
    [
      "one user for all, by the pod and by a container",
      {
        securityContext: { runAsUser: 7 },
        containers: [{ name: "a" }, { name: "b", securityContext: { runAsUser: 7 } }],
      },
      { mode: 0o600, owner: 7 },
    ],
    [
      "two users",
      {
        securityContext: { runAsUser: 7 },
        containers: [{ name: "a" }, { name: "b", securityContext: { runAsUser: 8 } }],
      },
      { mode: 0o644 },
    ],
    [
      "an init container with the user of its image",
      { initContainers: [{ name: "i" }], containers: [{ name: "a", securityContext: { runAsUser: 7 } }] },
      { mode: 0o644 },
    ],
  ])("belongs to the user who runs all containers: %s", (_what, of, wanted) => {
    const compiled = desiredPod({ metadata: { name: "p" }, spec: of });
    const own: DocumentBodies = new Map([[tokenKey(compiled, PROJECTION), TOKEN]]);
    expect(payloadOf(volume, { pod: compiled, bodies: own, allocatable })?.get("token")).toEqual({
      ...wanted,
      data: TOKEN.data.get(TOKEN_DATA_KEY),
    });
  });

  it("is no empty file while there is no token", () => {
    const none = { pod: withGroup(), bodies: new Map(), allocatable };
    expect(() => payloadOf(volume, none)).toThrow("there is no token of the service account for token");
  });
});
