import { describe, expect, it } from "vitest";
import {
  certificateRequest,
  nodeSubject,
  renewalDueMs,
  servingSubject,
  verdictOf,
} from "../../src/decide/certificate.ts";
import type { CertificateRequest } from "../../src/pod/cluster.ts";

const held = {
  commonName: "system:node:n1",
  organizations: ["system:nodes"],
  names: ["n1"],
  notBeforeMs: 1_000_000,
  notAfterMs: 2_000_000,
};

describe("the node's certificate (node.md 1.3, 1.4)", () => {
  it.each([
    [0, 1_700_000],
    [0.5, 1_800_000],
    [1, 1_900_000],
  ])("is renewed between 70 and 90 %% of its life: a chance of %d", (fraction, due) => {
    expect(renewalDueMs(held, nodeSubject("n1"), fraction)).toBe(due);
  });

  it.each([
    ["there is none", undefined],
    ["it is another node's", { ...held, commonName: "system:node:n2" }],
    ["it is no node's", { ...held, organizations: [] }],
    ["it lacks a name of the host", { ...held, names: ["n2"] }],
  ])("is asked for at once when %s", (_why, certificate) => {
    expect(renewalDueMs(certificate, { ...nodeSubject("n1"), names: ["n1"] }, 1)).toBe(Number.NEGATIVE_INFINITY);
  });

  it("may say more than it has to", () => {
    expect(renewalDueMs({ ...held, organizations: ["x", "system:nodes"] }, nodeSubject("n1"), 0)).toBe(1_700_000);
  });

  it("is asked for by the node's name, for the signer of clients", () => {
    expect(nodeSubject("n1")).toEqual({ commonName: "system:node:n1", organization: "system:nodes", names: [] });
    expect(certificateRequest("client", "PEM")).toEqual({
      metadata: { generateName: "csr-" },
      spec: {
        request: "PEM",
        signerName: "kubernetes.io/kube-apiserver-client-kubelet",
        usages: ["digital signature", "client auth"],
      },
    });
  });
});

describe("the certificate of the node's own API (node.md 1.3)", () => {
  it("is asked for under the host's names and addresses, each once", () => {
    const addresses = [
      { type: "InternalIP", address: "10.0.0.9" },
      { type: "InternalIP", address: "FD00:0::1" },
      { type: "ExternalIP", address: "fd00::1" },
      { type: "ExternalDNS", address: "box.example.org" },
      { type: "Hostname", address: "Host.Example" },
    ];
    expect(servingSubject("n1", addresses)).toEqual({
      ...nodeSubject("n1"),
      names: ["10.0.0.9", "box.example.org", "fd00::1", "host.example"],
    });
    expect(certificateRequest("serving", "PEM").spec).toMatchObject({
      signerName: "kubernetes.io/kubelet-serving",
      usages: ["digital signature", "server auth"],
    });
  });

  it("is not asked for without an address", () => {
    expect(servingSubject("n1", [{ type: "Hostname", address: "n1" }])).toBeUndefined();
  });
});

describe("what became of a request", () => {
  const made: CertificateRequest = { ...certificateRequest("client", "PEM"), metadata: { name: "csr-1", uid: "u" } };
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
