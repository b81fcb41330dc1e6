import { createPrivateKey, createPublicKey, verify } from "node:crypto";
import { describe, expect, it } from "vitest";
import { DER } from "../../src/base/der.ts";
import { newKeyWithRequest } from "../../src/kube/certificate-request.ts";

/** One value as it was read: with its tag and length in `whole`. */
type Read = { readonly tag: number; readonly content: Buffer; readonly whole: Buffer };

/** Reads DER by its own rules, not by those of the writer. */
function valuesOf(bytes: Buffer): Read[] {
  const values: Read[] = [];
  for (let from = 0; from < bytes.length; ) {
    const first = bytes.readUInt8(from + 1);
    const digits = first < 0x80 ? 0 : first & 0x7f;
    const length = digits === 0 ? first : bytes.readUIntBE(from + 2, digits);
    const begin = from + 2 + digits;
    values.push({
      tag: bytes.readUInt8(from),
      content: bytes.subarray(begin, begin + length),
      whole: bytes.subarray(from, begin + length),
    });
    from = begin + length;
  }
  return values;
}

const at = (values: readonly Read[], place: number): Read => {
  const value = values[place];
  if (value === undefined) throw new Error(`there is no value ${place}`);
  return value;
};

const ofNode = { commonName: "system:node:n1", organization: "system:nodes", names: [] };

describe("a request for a certificate (node.md 1.3)", () => {
  it("names the node, carries its key and is signed by it", async () => {
    const { key, request } = await newKeyWithRequest(ofNode);
    expect(key).toMatch(/^-----BEGIN EC PRIVATE KEY-----\n/);
    expect(request).toMatch(
      /^-----BEGIN CERTIFICATE REQUEST-----\n([A-Za-z0-9+/=]{1,64}\n)+-----END CERTIFICATE REQUEST-----\n$/,
    );
    const bytes = Buffer.from(request.replace(/-----[^-]+-----/g, ""), "base64");
    const [whole] = valuesOf(bytes);
    expect(whole?.whole.length).toBe(bytes.length);
    const parts = valuesOf(whole?.content ?? Buffer.alloc(0));
    const wish = valuesOf(at(parts, 0).content);
    expect(wish.map(({ tag }) => tag)).toEqual([0x02, 0x30, 0x30, 0xa0]);
    expect([...at(wish, 0).content]).toEqual([0]);
    const names = valuesOf(at(wish, 1).content).map(({ content }) => valuesOf(at(valuesOf(content), 0).content));
    expect(names.map(([id, value]) => `${id?.content.toString("hex")} ${value?.content.toString()}`)).toEqual([
      "55040a system:nodes",
      "550403 system:node:n1",
    ]);
    const publicKey = createPublicKey({ key: at(wish, 2).whole, type: "spki", format: "der" });
    expect(publicKey.asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
    expect(publicKey.equals(createPublicKey(createPrivateKey(key)))).toBe(true);
    expect(at(valuesOf(at(parts, 1).content), 0).content.toString("hex")).toBe("2a8648ce3d040302");
    const signature = at(parts, 2).content.subarray(1);
    expect(verify("sha256", at(parts, 0).whole, { key: publicKey, dsaEncoding: "der" }, signature)).toBe(true);
  });

  it("has a new key each time", async () => {
    expect((await newKeyWithRequest(ofNode)).key).not.toBe((await newKeyWithRequest(ofNode)).key);
  });

  it("of a server says for which hosts, as the one extension that it wants", async () => {
    const { request } = await newKeyWithRequest({ ...ofNode, names: ["10.0.0.9", "fd00::1", "host.example"] });
    const [whole] = valuesOf(Buffer.from(request.replace(/-----[^-]+-----/g, ""), "base64"));
    const wish = valuesOf(at(valuesOf(whole?.content ?? Buffer.alloc(0)), 0).content);
    const [attribute] = valuesOf(at(wish, 3).content);
    const [id, values] = valuesOf(attribute?.content ?? Buffer.alloc(0));
    expect(id?.content.toString("hex")).toBe("2a864886f70d01090e");
    const [extensions] = valuesOf(values?.content ?? Buffer.alloc(0));
    const [extension, ...others] = valuesOf(extensions?.content ?? Buffer.alloc(0));
    expect(others).toEqual([]);
    const [kind, value] = valuesOf(extension?.content ?? Buffer.alloc(0));
    expect(kind?.content.toString("hex")).toBe("551d11");
    const names = valuesOf(at(valuesOf(value?.content ?? Buffer.alloc(0)), 0).content);
    expect(names.map(({ tag, content }) => `${tag.toString(16)} ${content.toString("hex")}`)).toEqual([
      "87 0a000009",
      "87 fd000000000000000000000000000001",
      `82 ${Buffer.from("host.example").toString("hex")}`,
    ]);
  });
});

describe("DER", () => {
  it.each([
    [127, "0c7f"],
    [128, "0c8180"],
    [255, "0c81ff"],
    [256, "0c820100"],
    [65_536, "0c83010000"],
  ])("writes a length of %i as it must", (length, head) => {
    expect(
      DER.text("x".repeat(length))
        .subarray(0, head.length / 2)
        .toString("hex"),
    ).toBe(head);
  });

  it("writes identifiers to the base of 128", () => {
    expect(DER.oid("1.2.840.113549").toString("hex")).toBe("06062a864886f70d");
  });
});
