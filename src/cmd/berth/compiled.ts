import type { CompiledFile } from "../../manifest/compile.ts";
import type { SeenDocument } from "../../pod/source.ts";
import { sentence } from "./problem-words.ts";
import { CommandFailure } from "./terminal.ts";

/** `pod/default/web`, `configmap/default/x`: a document's name, whatever file it stands in. */
export type DocumentName = string;

/** The names of the documents that were understood, in their order. */
export function namesOf({ documents }: Pick<CompiledFile, "documents">): DocumentName[] {
  return documents.flatMap((document) => nameOf(document) ?? []);
}

/** The name of one document; of a broken one what can be told. */
export function nameOf(document: SeenDocument): DocumentName | undefined {
  switch (document.kind) {
    case "pod":
      return `pod/${document.pod.namespace}/${document.pod.manifestName}`;
    case "config":
      return document.key.replace(/^[^/]+/, (kind) => kind.toLowerCase());
    case "broken":
      return undefined;
  }
}

/** As people say it: without the namespace where it is the usual one. */
export const shortName = (name: DocumentName): string => name.replace("/default/", "/");

/** What marks two forms of a document as the same. */
export function identityOf(document: SeenDocument): string {
  switch (document.kind) {
    case "pod":
      return `${document.pod.uid} ${JSON.stringify(document.manifest)}`;
    case "config":
      return document.version;
    case "broken":
      return "";
  }
}

/** Throws all that is wrong with a file, when something is. */
export function refuseBroken({ problems }: Pick<CompiledFile, "problems">): void {
  const errors = problems.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new CommandFailure(`nothing was changed:\n${errors.map(sentence).join("").trimEnd()}`);
}

/** Compiles a file's bytes as berthd would at this path. */
export type Compile = (path: string, bytes: Uint8Array) => Promise<CompiledFile>;

/** Hands a compiler to the work and takes it down again. The compiler is loaded only for this. */
export async function withCompiler<T>(
  settings: { readonly nodeName: string; readonly unknownFields: "error" | "warn"; readonly nowMs: number },
  work: (compile: Compile) => Promise<T>,
): Promise<T> {
  const { makeWorkshop } = await import("../../manifest/workshop.ts");
  const workshop = makeWorkshop();
  const { nodeName, unknownFields, nowMs: seenWallMs } = settings;
  try {
    return await work(async (path, bytes) => {
      const { file } = await workshop.compile({ path, bytes, seenWallMs, nodeName, unknownFields });
      return file;
    });
  } finally {
    await workshop.close();
  }
}
