import { fieldsOf } from "./shapes.ts";

/** Where an unknown field stood. */
export type Unknown = {
  readonly field: string;
  /** Type of the mapping that it stood in, path of that mapping. */
  readonly type: string;
  readonly path: string;
  /** All names in that mapping. */
  readonly siblings: readonly string[];
  /** Type and path of the whole object. */
  readonly rootType: string;
  readonly rootPath: string;
  /** The field right before it, when it has no value and could hold this one: its indentation was lost. */
  readonly emptyBefore?: { readonly path: string; readonly line: number };
};

/** What to do about an unknown field: the nearest path that is known. */
export function adviceForUnknown(unknown: Unknown): string {
  const { emptyBefore, field } = unknown;
  if (emptyBefore !== undefined) {
    return `indent it further, so that it stands below \`${emptyBefore.path}\` (line ${emptyBefore.line})`;
  }
  const sibling = nearestName(field, [...(fieldsOf(unknown.type)?.keys() ?? [])]);
  if (sibling !== undefined) return `did you mean \`${join(unknown.path, sibling)}\`?`;
  const elsewhere = nearestPath(unknown);
  if (elsewhere !== undefined) return `the nearest known path is \`${elsewhere}\`: move it there`;
  const known = [...(fieldsOf(unknown.type)?.keys() ?? [])].slice(0, MOST_NAMES);
  return `remove it, or use one of: ${known.join(", ")}`;
}

const MOST_NAMES = 12;

/** A path of a field by name. */
export const join = (path: string, field: string): string => (path === "" ? field : `${path}.${field}`);

/** The name that is most like the word, when one is like it at all. */
export function nearestName(word: string, names: readonly string[]): string | undefined {
  const near = Math.max(1, Math.floor(word.length / 3));
  const ranked = names
    .map((name) => ({ name, distance: editDistance(word.toLowerCase(), name.toLowerCase(), near) }))
    .filter(({ distance }) => distance <= near)
    .sort((left, right) => left.distance - right.distance);
  return ranked[0]?.name;
}

/**
 * The path at which a field of this name exists: the one that shares most with where it stood, then the one through most
 * of its siblings, then the shortest.
 */
function nearestPath({ field, path, siblings, rootType, rootPath }: Unknown): string | undefined {
  const here = stepsOf(path.slice(rootPath.length));
  const ranked = pathsOf(field, rootType)
    .map((steps) => ({
      ...{ steps, shared: sharedSteps(here, steps) },
      through: steps.slice(0, -1).filter((step) => siblings.includes(step)).length,
    }))
    .sort(
      (left, right) =>
        right.shared - left.shared || right.through - left.through || left.steps.length - right.steps.length,
    );
  const best = ranked[0];
  return best && join(rootPath, render(best.steps, here, best.shared));
}

const stepsOf = (path: string): readonly string[] => path.split(/\.|(?=\[)/).filter((step) => step !== "");

/** Steps that two paths have in common from the top, whatever the places in their lists. */
function sharedSteps(here: readonly string[], there: readonly string[]): number {
  const differs = there.findIndex((step, at) => step !== (here[at]?.startsWith("[") ? "[]" : here[at]));
  return differs < 0 ? there.length : differs;
}

/** List places that the path shares with where we stand are kept, the others read `[0]`. */
function render(steps: readonly string[], here: readonly string[], shared: number): string {
  return steps
    .map((step, at) => (step === "[]" ? (at < shared ? (here[at] ?? "[0]") : "[0]") : at === 0 ? step : `.${step}`))
    .join("");
}

const DEEPEST = 12;
/** Parts of an object that nobody writes by hand. */
const PASSED_OVER = ["status", "ephemeralContainers", "managedFields"];

/** Every path below a type at which a field of this name exists. */
function pathsOf(field: string, rootType: string): readonly (readonly string[])[] {
  const holds = new Map<string, boolean>();
  const paths: (readonly string[])[] = [];
  const visit = (type: string, above: readonly string[]): boolean => {
    if (holds.get(type) === false || above.length > DEEPEST) return false;
    let found = false;
    for (const [name, { base, form }] of fieldsOf(type) ?? []) {
      if (PASSED_OVER.includes(name)) continue;
      const steps = [...above, name];
      if (name === field) paths.push(steps);
      const inside = fieldsOf(base) !== undefined && visit(base, form === "list" ? [...steps, "[]"] : steps);
      found ||= inside || name === field;
    }
    holds.set(type, found);
    return found;
  };
  visit(rootType, []);
  return paths;
}

/** Edits between two words, a swap of neighbours counting one; larger than `most` when it surely is. */
export function editDistance(left: string, right: string, most: number): number {
  if (Math.abs(left.length - right.length) > most || left.length > 64 || right.length > 64) return most + 1;
  let before: number[] = [];
  let above = Array.from({ length: right.length + 1 }, (_, at) => at);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1] ? 0 : 1;
      const swap = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      current[column] = Math.min(
        (above[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + same,
        swap ? (before[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    before = above;
    above = current;
  }
  return above[right.length] ?? most + 1;
}
