/**
 * Grammars of names, with Kubernetes' words for what breaks them. Each function lists what is wrong; an empty list means
 * that the name is good.
 */
export type Grammar = (value: string) => readonly string[];

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const LABEL_VALUE = `(${QUALIFIED})?`;
const HEADER = "[-A-Za-z0-9]+";
const CONFIG_KEY = "[-._a-zA-Z0-9]+";

const LABEL_PATTERN = whole(LABEL);
const SUBDOMAIN_PATTERN = whole(SUBDOMAIN);
const QUALIFIED_PATTERN = whole(QUALIFIED);
const LABEL_VALUE_PATTERN = whole(LABEL_VALUE);
const HEADER_PATTERN = whole(HEADER);
const CONFIG_KEY_PATTERN = whole(CONFIG_KEY);

function whole(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`);
}

const tooLong = (value: string, most: number): string[] =>
  Buffer.byteLength(value) > most ? [`must be no more than ${most} bytes`] : [];

const regexText = (message: string, pattern: string, examples: readonly string[]): string =>
  `${message} (e.g. ${examples.map((example) => `'${example}', `).join(" or ")}regex used for validation is '${pattern}')`;

/** DNS-1123 label: at most 63 of a-z, 0-9 and hyphens. */
export const dnsLabel: Grammar = (value) => {
  if (LABEL_PATTERN.test(value)) return tooLong(value, 63);
  if (SUBDOMAIN_PATTERN.test(value)) return [...tooLong(value, 63), "must not contain dots"];
  const rule =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
  return [...tooLong(value, 63), regexText(rule, LABEL, ["my-name", "123-abc"])];
};

/** DNS-1123 subdomain: labels with dots between them, at most 253. */
export const dnsSubdomain: Grammar = (value) => {
  if (SUBDOMAIN_PATTERN.test(value)) return tooLong(value, 253);
  const rule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
  return [...tooLong(value, 253), regexText(rule, SUBDOMAIN, ["example.com"])];
};

/** Key of a label or annotation: a name of at most 63, a subdomain and a slash before it if wanted. */
export const qualifiedName: Grammar = (value) => {
  const parts = value.split("/");
  const [prefix, name = ""] = parts.length === 1 ? [undefined, value] : parts;
  if (parts.length > 2) {
    return ["a qualified name must consist of a name and an optional DNS subdomain prefix with '/' between them"];
  }
  const rule =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
  return [
    ...(prefix === "" ? ["prefix part must be non-empty"] : []),
    ...(prefix ? dnsSubdomain(prefix).map((message) => `prefix part ${message}`) : []),
    ...(name === "" ? ["name part must be non-empty"] : []),
    ...tooLong(name, 63).map((message) => `name part ${message}`),
    ...(QUALIFIED_PATTERN.test(name) ? [] : [regexText(rule, QUALIFIED, ["MyName", "my.name", "123-abc"])]),
  ];
};

/** Value of a label: empty, or like the name in its key. */
export const labelValue: Grammar = (value) => {
  const rule =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
  const shape = LABEL_VALUE_PATTERN.test(value) ? [] : [regexText(rule, LABEL_VALUE, ["MyValue", "my_value", "12345"])];
  return [...tooLong(value, 63), ...shape];
};

/** Name of a port (V7). */
export const portName: Grammar = (value) => [
  ...tooLong(value, 15),
  ...(/^[-a-z0-9]+$/.test(value) ? [] : ["must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"]),
  ...(/[a-z]/.test(value) ? [] : ["must contain at least one letter (a-z)"]),
  ...(value.includes("--") ? ["must not contain consecutive hyphens"] : []),
  ...(/^-|-$/.test(value) ? ["must not begin or end with a hyphen"] : []),
];

/** Number of a port. */
export const portNumber = (value: number): readonly string[] =>
  value >= 1 && value <= 65_535 ? [] : [inRange(1, 65_535)];

/** Name of an environment variable (V11): printable ASCII but for `=`. */
export const variableName: Grammar = (value) =>
  /^[ -<>-~]*$/.test(value)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];

/** Name of an HTTP header. */
export const headerName: Grammar = (value) =>
  HEADER_PATTERN.test(value)
    ? []
    : [regexText("a valid HTTP header must consist of alphanumeric characters or '-'", HEADER, ["X-Header-Name"])];

/** Key of a ConfigMap or Secret: it becomes a file's name. */
export const configKey: Grammar = (value) => [
  ...tooLong(value, 253),
  ...(CONFIG_KEY_PATTERN.test(value)
    ? []
    : [
        regexText("a valid config key must consist of alphanumeric characters, '-', '_' or '.'", CONFIG_KEY, [
          "key.name",
          "KEY_NAME",
          "key-name",
        ]),
      ]),
  ...(value === "." || value === ".." ? [`must not be '${value}'`] : []),
  ...(value.startsWith("..") && value !== ".." ? ["must not start with '..'"] : []),
];

/** `must be between 1 and 65535, inclusive` */
export const inRange = (least: number, most: number): string => `must be between ${least} and ${most}, inclusive`;

/** Address of IP version 4 or 6. */
export const ipAddress: Grammar = (value) =>
  isIp(value) ? [] : ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"];

function isIp(value: string): boolean {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(value)) {
    return value.split(".").every((part) => Number(part) <= 255 && (part === "0" || !part.startsWith("0")));
  }
  // The parser of URLs passes over tabs and line ends, which would be lines of their own in a hosts file.
  return /^[0-9A-Fa-f:.]{2,45}$/.test(value) && value.includes(":") && URL.canParse(`http://[${value}]/`);
}
