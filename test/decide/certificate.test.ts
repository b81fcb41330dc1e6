import { describe, expect, it } from "vitest";
import { certificateRequest, nodeSubject, renewalDueMs, verdictOf } from "../../src/decide/certificate.ts";
import type { CertificateRequest } from "../../src/pod/cluster.ts";

const held = {
  commonName: "system:node:n1",
  organizations: ["system:nodes"],
  notBeforeMs: 1_000_000,
  notAfterMs: 2_000_000,
};

describe("the node's certificate (node.md 1.3, 1.4)", () => {
  it.each([
    [0, 1_700_000],
    [0.5, 1_800_000],
    [1, 1_900_000],
  ])("is renewed between 70 and 90 %% of its life: a chance of %d", (fraction, due) => {
    expect(renewalDueMs(held, "n1", fraction)).toBe(due);
  });

  it.each([
    ["there is none", undefined],
    ["it is another node's", { ...held, commonName: "system:node:n2" }],
    ["it is no node's", { ...held, organizations: [] }],
  ])("is asked for at once when %s", (_why, certificate) => {
    expect(renewalDueMs(certificate, "n1", 1)).toBe(Number.NEGATIVE_INFINITY);
  });

  it("may say more than it has to", () => {
    expect(renewalDueMs({ ...held, organizations: ["x", "system:nodes"] }, "n1", 0)).toBe(1_700_000);
  });

  it("is asked for by the node's name, for the signer of clients", () => {
    expect(nodeSubject("n1")).toEqual({ commonName: "system:node:n1", organization: "system:nodes" });
    expect(certificateRequest("PEM")).toEqual({
      metadata: { generateName: "csr-" },
      spec: {
        request: "PEM",
        signerName: "kubernetes.io/kube-apiserver-client-kubelet",
        usages: ["digital signature", "client auth"],
      },
    });
  });
});

describe("what became of a request", () => {
  const made: CertificateRequest = { ...certificateRequest("PEM"), metadata: { name: "csr-1", uid: "u" } };
  const seen = (status: CertificateRequest["status"], uid = "u"): CertificateRequest => ({
    ...made,
    metadata: { name: "csr-1", uid },
    ...(status === undefined ? {} : { status }),
  });
  it.each([
    ["nothing yet", seen(undefined), { kind: "waiting" }],
    ["an approval", seen({ conditions: [{ type: "Approved" }] }), { kind: "waiting" }],
    [
      "a certificate",
      seen({ conditions: [{ type: "Approved" }], certificate: "CERT" }),
      { kind: "issued", certificate: "CERT" },
    ],
    [
      "a refusal",
      seen({ conditions: [{ type: "Denied", reason: "Policy", message: "not you" }] }),
      { kind: "refused", why: "Denied: Policy: not you" },
    ],
    ["a failure", seen({ conditions: [{ type: "Failed" }] }), { kind: "refused", why: "Failed" }],
    ["another's", seen(undefined, "v"), { kind: "refused", why: "another request has its name" }],
  ])("%s", (_what, now, verdict) => {
    expect(verdictOf(made, now)).toEqual(verdict);
  });
});
