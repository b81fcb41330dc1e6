/** Quotes that a word processor makes of straight ones, with their Unicode names. */
const TYPOGRAPHIC: ReadonlyMap<string, string> = new Map([
  ["\u2018", "LEFT SINGLE QUOTATION MARK"],
  ["\u2019", "RIGHT SINGLE QUOTATION MARK"],
  ["\u201a", "SINGLE LOW-9 QUOTATION MARK"],
  ["\u201b", "SINGLE HIGH-REVERSED-9 QUOTATION MARK"],
  ["\u201c", "LEFT DOUBLE QUOTATION MARK"],
  ["\u201d", "RIGHT DOUBLE QUOTATION MARK"],
  ["\u201e", "DOUBLE LOW-9 QUOTATION MARK"],
  ["\u201f", "DOUBLE HIGH-REVERSED-9 QUOTATION MARK"],
  ["\u2032", "PRIME"],
  ["\u2033", "DOUBLE PRIME"],
  ["\u00ab", "LEFT-POINTING DOUBLE ANGLE QUOTATION MARK"],
  ["\u00bb", "RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK"],
  ["\u00b4", "ACUTE ACCENT"],
  ["\uff02", "FULLWIDTH QUOTATION MARK"],
  ["\uff07", "FULLWIDTH APOSTROPHE"],
]);

/**
 * The typographic quote that an unquoted word begins or ends with, and where in the word: a sign that it was meant to
 * quote the word. Undefined when there is none.
 */
export function typographicQuote(word: string): { at: number; message: string; advice: string } | undefined {
  const first = word.charAt(0);
  const last = word.length - 1;
  const at = TYPOGRAPHIC.has(first) ? 0 : TYPOGRAPHIC.has(word.charAt(last)) ? last : -1;
  if (at < 0) return undefined;
  const quote = word.charAt(at);
  const code = (quote.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return {
    at,
    message: `the typographic quote ${quote} (U+${code} ${TYPOGRAPHIC.get(quote)}) is taken as part of the word`,
    advice: "write straight quotes: ' or \"",
  };
}
