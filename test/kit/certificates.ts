import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { alternativeNames } from "../../src/base/alternative-names.ts";
import { DER, pem } from "../../src/base/der.ts";
import type { CertifiedKey } from "../../src/kube/certificate-facts.ts";

/** Who a throw-away certificate is for, and when it counts. */
export type Wish = {
  readonly commonName: string;
  readonly organization?: string;
  /** Names and addresses of a server; none: it is known by its common name. */
  readonly names?: readonly string[];
  readonly notBeforeMs?: number;
  readonly notAfterMs?: number;
};

const ECDSA_WITH_SHA256 = DER.sequence(DER.oid("1.2.840.10045.4.3.2"));
const DAY_MS = 86_400_000;

/** A certificate in PEM for a public key, signed by an issuer's key. */
export function certify(wish: Wish, publicKey: KeyObject, issuerKey: KeyObject): string {
  const { notBeforeMs = Date.now() - DAY_MS, notAfterMs = Date.now() + DAY_MS } = wish;
  const body = DER.sequence(
    DER.explicit(0, DER.integer(Buffer.of(2))),
    DER.integer(Buffer.of(1)),
    ECDSA_WITH_SHA256,
    nameOf({ commonName: "throw-away" }),
    DER.sequence(DER.time(notBeforeMs), DER.time(notAfterMs)),
    nameOf(wish),
    publicKey.export({ type: "spki", format: "der" }),
    ...(wish.names === undefined ? [] : [DER.explicit(3, DER.sequence(alternativeNames(wish.names)))]),
  );
  const signature = sign("sha256", body, { key: issuerKey, dsaEncoding: "der" });
  return pem("CERTIFICATE", DER.sequence(body, ECDSA_WITH_SHA256, DER.bits(signature)));
}

/** A key with a certificate that it signed itself; both in PEM. */
export function selfSigned(wish: Wish): CertifiedKey {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    certificate: certify(wish, publicKey, privateKey),
    key: privateKey.export({ type: "sec1", format: "pem" }).toString(),
  };
}

function nameOf({ organization, commonName }: Wish): Buffer {
  const part = (id: string, value: string): Buffer => DER.set(DER.sequence(DER.oid(id), DER.text(value)));
  return DER.sequence(
    ...(organization === undefined ? [] : [part("2.5.4.10", organization)]),
    part("2.5.4.3", commonName),
  );
}
