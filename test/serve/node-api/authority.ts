import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { DER, pem } from "../../../src/base/der.ts";

/** Who a certificate is for, and until when it is good. */
export type Holder = {
  readonly name: string;
  readonly groups?: readonly string[];
  readonly fromMs?: number;
  readonly untilMs?: number;
};

/** An authority of a test, which issues certificates for clients. */
export type Authority = {
  readonly certificate: string;
  issue(holder: Holder): { readonly certificate: string; readonly key: string };
};

const ECDSA_WITH_SHA256 = DER.sequence(DER.oid("1.2.840.10045.4.3.2"));
const HOUR_MS = 3_600_000;

/** Makes an authority. */
export function makeAuthority(name: string): Authority {
  const own = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const isAuthority = DER.sequence(DER.oid("2.5.29.19"), DER.octets(DER.sequence(DER.boolean(true))));
  const make = (holder: Holder, key: KeyObject, extensions: Buffer[]): string => {
    const { fromMs = Date.now() - HOUR_MS, untilMs = Date.now() + HOUR_MS } = holder;
    const body = DER.sequence(
      DER.explicit(0, DER.integer(Buffer.of(2))),
      DER.integer(randomBytes(8)),
      ECDSA_WITH_SHA256,
      nameOf({ name }),
      DER.sequence(DER.time(fromMs), DER.time(untilMs)),
      nameOf(holder),
      key.export({ type: "spki", format: "der" }),
      ...(extensions.length === 0 ? [] : [DER.explicit(3, DER.sequence(...extensions))]),
    );
    const signature = DER.bits(sign("sha256", body, own.privateKey));
    return pem("CERTIFICATE", DER.sequence(body, ECDSA_WITH_SHA256, signature));
  };
  return {
    certificate: make({ name }, own.publicKey, [isAuthority]),
    issue(holder) {
      const pair = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
      const usage = DER.sequence(DER.oid("2.5.29.37"), DER.octets(DER.sequence(DER.oid("1.3.6.1.5.5.7.3.2"))));
      return {
        certificate: make(holder, pair.publicKey, [usage]),
        key: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      };
    },
  };
}

function nameOf({ name, groups = [] }: Holder): Buffer {
  const part = (oid: string, value: string): Buffer => DER.set(DER.sequence(DER.oid(oid), DER.text(value)));
  return DER.sequence(...groups.map((group) => part("2.5.4.10", group)), part("2.5.4.3", name));
}
