import type { DocumentBody } from "./document.ts";

type Part = Readonly<Record<string, string | undefined>>;
/** The parts of a ConfigMap or Secret that its body is made of. */
export type DocumentParts = {
  readonly type?: string | undefined;
  readonly data?: Part | undefined;
  readonly binaryData?: Part | undefined;
  readonly stringData?: Part | undefined;
};

/** The bytes of each key, sorted; those of stringData win. */
export function documentBody(kind: "ConfigMap" | "Secret", parts: DocumentParts): DocumentBody {
  const data = new Map<string, Uint8Array>();
  const take = (part: Part | undefined, as: BufferEncoding): void => {
    for (const [name, text = ""] of Object.entries(part ?? {})) data.set(name, new Uint8Array(Buffer.from(text, as)));
  };
  take(parts.data, kind === "Secret" ? "base64" : "utf8");
  take(parts.binaryData, "base64");
  take(parts.stringData, "utf8");
  return {
    type: kind === "Secret" ? parts.type || "Opaque" : "",
    data: new Map([...data].sort(([left], [right]) => (left < right ? -1 : 1))),
    binaryKeys: new Set(Object.keys(parts.binaryData ?? {})),
  };
}
