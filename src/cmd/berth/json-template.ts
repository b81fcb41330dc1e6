import { assertNever } from "../../base/assert-never.ts";
import { type JsonPath, jsonPathFailure, jsonText, readJsonPath, unquoted } from "./json-path.ts";

/** What a template makes of a value. */
export type JsonTemplate = (root: unknown) => string;

type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "path"; readonly path: JsonPath }
  | { readonly kind: "range"; readonly path: JsonPath; readonly body: readonly Part[] };

/**
 * kubectl's templates: text, paths in braces, `{range PATH}...{end}`, and `{"\n"}`. What has no braces is a path. Written
 * here, since the libraries for JSONPath know neither templates nor kubectl's language of paths. Throws a usage failure.
 */
export function readJsonTemplate(written: string): JsonTemplate {
  if (written === "") throw jsonPathFailure(written, "a template is missing, such as {.status.phase}");
  const pieces = written.includes("{") ? split(written) : [`{${written}}`];
  const { parts, rest } = readParts(pieces);
  if (rest.length > 0) throw jsonPathFailure(written, "{end} ends nothing");
  return (root) => render(parts, root);
}

/** Texts, and what stands between braces together with them. */
function split(written: string): string[] {
  const pieces = written.match(/\{(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^}"'])*\}|[^{]+/g) ?? [];
  if (pieces.join("") !== written) throw jsonPathFailure(written, "a brace is open");
  return pieces;
}

/** The parts up to an `{end}`, which begins the rest. */
function readParts(pieces: readonly string[]): { parts: Part[]; rest: readonly string[] } {
  const parts: Part[] = [];
  for (let rest = pieces; ; ) {
    const [piece, ...more] = rest;
    if (piece === undefined || /^\{\s*end\s*\}$/.test(piece)) return { parts, rest };
    rest = more;
    const inside = /^\{(.*)\}$/s.exec(piece)?.[1]?.trim();
    const range = /^range\s+(.+)$/s.exec(inside ?? "")?.[1];
    if (inside === undefined) parts.push({ kind: "text", text: piece });
    else if (/^["']/.test(inside)) parts.push({ kind: "text", text: unquoted(inside) });
    else if (range === undefined) parts.push({ kind: "path", path: readJsonPath(inside) });
    else {
      const body = readParts(rest);
      if (body.rest.length === 0) throw jsonPathFailure(piece, "there is no {end} for it");
      rest = body.rest.slice(1);
      parts.push({ kind: "range", path: readJsonPath(range), body: body.parts });
    }
  }
}

function render(parts: readonly Part[], root: unknown): string {
  return parts.map((part) => renderPart(part, root)).join("");
}

function renderPart(part: Part, root: unknown): string {
  switch (part.kind) {
    case "text":
      return part.text;
    case "path":
      return part.path(root).map(jsonText).join(" ");
    case "range":
      return part
        .path(root)
        .map((item) => render(part.body, item))
        .join("");
    default:
      return assertNever(part);
  }
}
