const LEVELS: Readonly<Record<string, readonly [name: string, colour: number]>> = {
  debug: ["debug", 90],
  info: ["info ", 32],
  warn: ["warn ", 33],
  error: ["error", 31],
};

/** One JSON line of the log as a person reads it: time, level, message, and the fields behind it. */
export function readableLine(line: string, colours: boolean): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const [name, colour] = LEVELS[String(level)] ?? [String(level), 0];
  const paint = (text: string, code: number): string => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
  const words = Object.entries(fields).map(([key, value]) => `${paint(`${key}=`, 36)}${fieldWords(value)}`);
  const head = `${paint(String(time).slice(11, 23), 90)} ${paint(name, colour)} ${String(msg ?? "")}`;
  return `${[head, ...words].join("  ")}\n`;
}

/** A field as one word. */
export function fieldWords(value: unknown): string {
  if (typeof value === "string") return /[\s"=]/.test(value) || value === "" ? JSON.stringify(value) : value;
  return JSON.stringify(value) ?? "";
}
