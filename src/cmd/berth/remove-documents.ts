import { type Compile, type DocumentName, identityOf, nameOf, namesOf } from "./compiled.ts";
import type { HeldFile } from "./manifest-directory.ts";
import { splitDocuments } from "./split-documents.ts";
import { CommandFailure } from "./terminal.ts";

/**
 * The text of a file without some of its documents, comments and all; undefined when none is left. Throws CommandFailure when
 * what is left would not be just what it was.
 */
export async function removeDocuments(
  file: HeldFile,
  names: readonly DocumentName[],
  compile: Compile,
): Promise<string | undefined> {
  const kept: string[] = [];
  for (const part of splitDocuments(file.bytes.toString())) {
    const own = namesOf(await compile(file.path, Buffer.from(part)));
    if (!own.some((name) => names.includes(name))) kept.push(part);
    else if (!own.every((name) => names.includes(name))) kept.push(await withoutItems(part, names, file.path, compile));
  }
  const text = kept.join("").replace(/^---\s*\n/, "");
  const left = await compile(file.path, Buffer.from(text));
  await checkLeft(file, names, left);
  return left.documents.length === 0 ? undefined : text;
}

/** A list without some of its items. */
async function withoutItems(
  part: string,
  names: readonly DocumentName[],
  path: string,
  compile: Compile,
): Promise<string> {
  const { isMap, isSeq, parseDocument } = await import("yaml");
  const { documents } = await compile(path, Buffer.from(part));
  const document = parseDocument(part);
  const items = isMap(document.contents) ? document.contents.get("items") : undefined;
  if (!isSeq(items) || items.items.length !== documents.length) throw cannot(path);
  items.items = items.items.filter((_, at) => {
    const name = documents[at] === undefined ? undefined : nameOf(documents[at]);
    return name === undefined || !names.includes(name);
  });
  const text = document.toString({ lineWidth: 0 });
  return part.startsWith("---") && !text.startsWith("---") ? `---\n${text}` : text;
}

type Compiled = Awaited<ReturnType<Compile>>;

async function checkLeft(file: HeldFile, names: readonly DocumentName[], left: Compiled): Promise<void> {
  const forms = ({ documents }: Compiled): string[] =>
    documents.flatMap((document) => {
      const name = nameOf(document);
      return name !== undefined && names.includes(name) ? [] : [`${name} ${identityOf(document)}`];
    });
  const [wanted, found] = [forms(file.compiled), forms(left)];
  if (JSON.stringify(wanted) !== JSON.stringify(found)) throw cannot(file.path);
}

const cannot = (path: string): CommandFailure =>
  new CommandFailure(`${path}: its other documents could not be kept just as they are; take this one out by hand`);
