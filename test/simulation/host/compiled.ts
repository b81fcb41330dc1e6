import { type CompiledFile, compileFile } from "../../../src/manifest/compile.ts";
import type { SeenDocument } from "../../../src/pod/source.ts";
import { NODE_NAME } from "../../kit/compiled-pod.ts";

/** Files that are remembered: the same content at the same path compiles to the same. */
const MOST_KEPT = 2000;
const kept = new Map<string, CompiledFile>();
const encoder = new TextEncoder();

/** A file through the real compiler. The moment of first sight is put in afterwards, so that equal content is compiled once. */
export function compiled(path: string, text: string, seenWallMs: number): CompiledFile {
  const key = `${path}\n${text}`;
  const known = kept.get(key);
  const file =
    known ??
    compileFile({ path, bytes: encoder.encode(text), seenWallMs: 0, nodeName: NODE_NAME, unknownFields: "error" });
  if (known === undefined) {
    kept.set(key, file);
    const oldest = kept.keys().next();
    if (kept.size > MOST_KEPT && !oldest.done) kept.delete(oldest.value);
  }
  return { ...file, documents: file.documents.map((seen) => seenAt(seen, seenWallMs)) };
}

const seenAt = (seen: SeenDocument, seenWallMs: number): SeenDocument =>
  seen.kind === "pod" ? { ...seen, pod: { ...seen.pod, seenWallMs } } : seen;
