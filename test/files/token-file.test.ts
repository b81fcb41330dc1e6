import { describe, expect, it } from "vitest";
import { payloadOf } from "../../src/files/payload.ts";
import type { DocumentBodies } from "../../src/pod/document.ts";
import { TOKEN_DATA_KEY, tokenKey } from "../../src/pod/token-use.ts";
import type * as v1 from "../../src/pod/v1.ts";
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
const bodies: DocumentBodies = new Map([
  [
    tokenKey(withGroup(), PROJECTION),
    { type: "", data: new Map([[TOKEN_DATA_KEY, new Uint8Array(Buffer.from("abc"))]]), binaryKeys: new Set() },
  ],
]);

describe("the file of a service account's token (node.md 3.9)", () => {
  it("has the volume's mode, and its owner's alone where the pod has an fsGroup", () => {
    const plain = payloadOf(volume, { pod: withGroup(), bodies, allocatable })?.get("token");
    expect([Buffer.from(plain?.data ?? []).toString(), plain?.mode]).toEqual(["abc", 0o644]);
    expect(payloadOf(volume, { pod: withGroup(1000), bodies, allocatable })?.get("token")?.mode).toBe(0o600);
  });

  it("is no empty file while there is no token", () => {
    const none = { pod: withGroup(), bodies: new Map(), allocatable };
    expect(() => payloadOf(volume, none)).toThrow("there is no token of the service account for token");
  });
});
