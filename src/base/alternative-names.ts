import { DER } from "./der.ts";

const SUBJECT_ALTERNATIVE_NAME = DER.oid("2.5.29.17");
/** `[n]` of a name and of an address (RFC 5280 4.2.1.6). */
const NAME = 2;
const ADDRESS = 7;

/** The extension of a certificate, or of a request for one, that says which hosts it is for: DNS names and addresses. */
export function alternativeNames(names: readonly string[]): Buffer {
  return DER.sequence(SUBJECT_ALTERNATIVE_NAME, DER.octets(DER.sequence(...names.map(encoded))));
}

/** One way to write a name or an address, so that two can be compared. What cannot be read stays as it is. */
export function canonicalHost(name: string): string {
  if (!name.includes(":")) return name.toLowerCase();
  return URL.parse(`http://[${name}]`)?.hostname.slice(1, -1) ?? name;
}

function encoded(name: string): Buffer {
  if (name.includes(":")) return DER.implicit(ADDRESS, sixteenBytes(name));
  if (/^\d+(\.\d+){3}$/.test(name)) return DER.implicit(ADDRESS, Buffer.from(name.split(".").map(Number)));
  return DER.implicit(NAME, Buffer.from(name));
}

/** The canonical form of an address is its shortest one, without a dotted tail. */
function sixteenBytes(address: string): Buffer {
  const [head = "", tail] = canonicalHost(address).split("::");
  const words = (text: string): string[] => (text === "" ? [] : text.split(":"));
  const [before, after] = [words(head), words(tail ?? "")];
  const gap = tail === undefined ? 0 : 8 - before.length - after.length;
  const all = [...before, ...Array<string>(gap).fill("0"), ...after];
  return Buffer.from(all.map((word) => word.padStart(4, "0")).join(""), "hex");
}
