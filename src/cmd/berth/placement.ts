import { basename, join } from "node:path";
import type { DocumentName } from "./compiled.ts";

/** A file of the manifest directory, as far as its place is to be found. */
export type Placed = { readonly path: string; readonly names: readonly DocumentName[] };
/** Where documents go, and what goes away there. */
export type Placement = { readonly path: string; readonly gone: readonly DocumentName[] };
/** Why they cannot go anywhere. */
export type NoPlacement = { readonly refusal: string };

/**
 * Where the documents of a file belong in the manifest directory: into the file that holds them already, else into one of the
 * file's own name. Nobody else's documents are taken away but with `prune`.
 */
export function placeDocuments(
  directory: string,
  source: { readonly fileName: string; readonly names: readonly DocumentName[] },
  files: readonly Placed[],
  prune: boolean,
): Placement | NoPlacement {
  const holders = files.filter(({ names }) => names.some((name) => source.names.includes(name)));
  const own = files.find(({ path }) => basename(path) === source.fileName);
  const others = holders.filter((file) => file !== own);
  const [other, second] = others;
  if (own !== undefined && other !== undefined) return alreadyIn(other, source.names);
  if (second !== undefined) return alreadyIn(second, source.names);
  const target = own ?? other;
  if (target === undefined) return { path: join(directory, source.fileName), gone: [] };
  const gone = target.names.filter((name) => !source.names.includes(name));
  if (gone.length === 0 || (prune && target === own)) return { path: target.path, gone };
  if (target === own) {
    return {
      refusal: `${target.path} also holds ${gone.join(", ")}, which this would remove; say --prune if that is meant`,
    };
  }
  return alreadyIn(target, source.names);
}

function alreadyIn({ path, names }: Placed, wanted: readonly DocumentName[]): NoPlacement {
  const clash = names.filter((name) => wanted.includes(name)).join(", ");
  const rest = names.filter((name) => !wanted.includes(name));
  const beside = rest.length === 0 ? "" : ` beside ${rest.join(", ")}`;
  return { refusal: `${clash} stands in ${path} already${beside}: change it there, or take it away with berth delete` };
}
