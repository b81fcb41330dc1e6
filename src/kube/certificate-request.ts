import { generateKeyPair, type KeyObject, sign } from "node:crypto";
import { promisify } from "node:util";
import { derBits, derObjectId, derSequence, derSet, derSmall, derText, derValue } from "./der.ts";

/** A new key and the request that it be certified, both in PEM. The key never leaves the host. */
export type KeyWithRequest = { readonly key: string; readonly request: string };

const ORGANIZATION = "2.5.4.10";
const COMMON_NAME = "2.5.4.3";
const ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
/** The attributes of a request: an empty set, as the node asks for nothing beyond its name. */
const NO_ATTRIBUTES = derValue(0xa0);

const makeKeyPair = promisify(generateKeyPair);

/** Makes a P-256 key and a request for a certificate of this name (PKCS #10; node.md 1.3). */
export async function newKeyWithRequest(subject: {
  readonly commonName: string;
  readonly organization: string;
}): Promise<KeyWithRequest> {
  const { publicKey, privateKey } = await makeKeyPair("ec", { namedCurve: "P-256" });
  const name = derSequence(nameOf(ORGANIZATION, subject.organization), nameOf(COMMON_NAME, subject.commonName));
  const wish = derSequence(derSmall(0), name, publicKey.export({ type: "spki", format: "der" }), NO_ATTRIBUTES);
  const request = derSequence(wish, derSequence(derObjectId(ECDSA_WITH_SHA256)), derBits(signed(wish, privateKey)));
  return {
    key: privateKey.export({ type: "sec1", format: "pem" }).toString(),
    request: pemOf("CERTIFICATE REQUEST", request),
  };
}

const nameOf = (what: string, value: string): Buffer => derSet(derSequence(derObjectId(what), derText(value)));
const signed = (data: Buffer, key: KeyObject): Buffer => sign("sha256", data, { key, dsaEncoding: "der" });

/** A DER value as text between its two lines. */
export function pemOf(what: string, value: Buffer): string {
  const lines = value.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${what}-----\n${lines.join("\n")}\n-----END ${what}-----\n`;
}
