import { type CompiledFile, type CompileRequest, compileFile } from "../../src/manifest/compile.ts";
import type { DesiredPod } from "../../src/pod/desired.ts";
import type { Problem } from "../../src/pod/problem.ts";

/** Compiles a text, or an object as JSON, as the file /m/pod.yaml of node "Node1". */
export function compile(content: string | Uint8Array | object, change: Partial<CompileRequest> = {}): CompiledFile {
  return compileFile({
    path: "/m/pod.yaml",
    bytes: bytesOf(content),
    nodeName: "Node1",
    unknownFields: "error",
    seenWallMs: 1_700_000_000_000,
    ...change,
  });
}

export const bytesOf = (content: string | Uint8Array | object): Uint8Array =>
  content instanceof Uint8Array
    ? content
    : Buffer.from(typeof content === "string" ? content : JSON.stringify(content), "utf8");

/** The one pod of a file that has nothing wrong but warnings. */
export function podOf(content: string | object, change: Partial<CompileRequest> = {}): DesiredPod {
  const { documents, problems } = compile(content, change);
  const [first] = documents;
  if (first?.kind !== "pod") throw new Error(`no pod: ${problems.map(words).join("; ")}`);
  return first.pod;
}

/** `path: message` of every problem. */
export const complaints = (content: string | Uint8Array | object, change: Partial<CompileRequest> = {}): string[] =>
  compile(content, change).problems.map(words);

export const words = ({ path, message }: Problem): string => (path === undefined ? message : `${path}: ${message}`);

type Json = { [name: string]: unknown };

/** A small valid pod; `spec` and `container` are laid over it. */
export function aManifest(spec: Json = {}, container: Json = {}, metadata: Json = {}): Json {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web", ...metadata },
    spec: { containers: [{ name: "app", image: "busybox:1.36", ...container }], ...spec },
  };
}
