/** Something wrong in the configuration; an error stops the start, a warning is only said. */
export type Finding = {
  readonly severity: "error" | "warning";
  readonly place: Place;
  readonly message: string;
};

/** Where a value was written: a file with 1-based line and column, a flag, or a variable of the environment. */
export type Place =
  | { readonly kind: "file"; readonly path: string; readonly line?: number; readonly column?: number }
  | { readonly kind: "flag"; readonly name: string }
  | { readonly kind: "environment"; readonly name: string }
  | { readonly kind: "default" };

/** The place as compilers print it: `file:line:column`, or the flag's name. */
export function showPlace(place: Place): string {
  switch (place.kind) {
    case "file":
      return [place.path, place.line, place.column].filter((part) => part !== undefined).join(":");
    case "flag":
      return `--${place.name}`;
    case "environment":
      return place.name;
    case "default":
      return "default";
  }
}

/** One finding as one line. */
export function showFinding(finding: Finding): string {
  return `${showPlace(finding.place)}: ${finding.severity}: ${finding.message}`;
}
