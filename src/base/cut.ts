/** The text, or its beginning with a mark that says so when it is longer than so many characters. */
export function cut(text: string, mostCharacters: number): string {
  if (text.length <= mostCharacters) return text;
  const end = mostCharacters - MARK.length;
  // Half of a character that takes two code units is none.
  const splits = (text.charCodeAt(end - 1) & 0xfc00) === 0xd800;
  return `${text.slice(0, splits ? end - 1 : end)}${MARK}`;
}

const MARK = "...";
