/** The documents of a YAML text, each with the line that begins it; joined they are the text again. */
export function splitDocuments(text: string): string[] {
  const starts = [...text.matchAll(/^---(?=\s|$)/gm)].map(({ index }) => index).filter((index) => index > 0);
  return [0, ...starts].map((start, at) => text.slice(start, starts[at]));
}
