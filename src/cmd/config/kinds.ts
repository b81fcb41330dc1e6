import { isIP } from "node:net";
import { goDuration } from "../../pod/duration.ts";
import { parseDurationMs } from "../../pod/parse-duration.ts";
import { parseQuantity } from "../../pod/quantity.ts";

/** What reading one value gave: the value, or what it should have been. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly expected: string };

/** How one type of value is written in a file, on the command line and in the documentation. */
export type Kind<T> = {
  /** For people: `duration`, `integer`, `list of addresses`. */
  readonly name: string;
  /** How a flag's argument is called in the help. */
  readonly argument: string;
  /** From a decoded YAML value. */
  read(value: unknown): Parsed<T>;
  /** From a flag's text. */
  readText(text: string): Parsed<T>;
  /** As it would be written in a file. */
  show(value: T): unknown;
  /** Maps merge key by key when a later document sets them, all else is replaced. */
  readonly merges?: true;
  /** A relative one is relative to the file that names it. */
  readonly isPath?: true;
};

const good = <T>(value: T): Parsed<T> => ({ ok: true, value });
const bad = (expected: string): { ok: false; expected: string } => ({ ok: false, expected });

/** Any text. */
export const text: Kind<string> = {
  name: "text",
  argument: "text",
  read: (value) => (typeof value === "string" ? good(value) : bad("a text (write it in quotes)")),
  readText: good,
  show: (value) => value,
};

/** A path of the host. */
export const path: Kind<string> = { ...text, name: "path", argument: "path", isPath: true };

const TRUE = /^(?:true|yes|on|1|t)$/i;
const FALSE = /^(?:false|no|off|0|f)$/i;

/** True or false, in any word that YAML 1.1 or Go's flags take for it. */
export const boolean: Kind<boolean> = {
  name: "boolean",
  argument: "",
  read: (value) =>
    typeof value === "boolean"
      ? good(value)
      : typeof value === "string"
        ? boolean.readText(value)
        : bad("true or false"),
  readText: (written) => (TRUE.test(written) ? good(true) : FALSE.test(written) ? good(false) : bad("true or false")),
  show: (value) => value,
};

/** A whole number within bounds. */
export function integer(least: number, most: number): Kind<number> {
  const expected = most >= Number.MAX_SAFE_INTEGER ? `a whole number from ${least}` : `${least} to ${most}`;
  const check = (value: number): Parsed<number> =>
    Number.isSafeInteger(value) && value >= least && value <= most ? good(value) : bad(expected);
  return {
    name: "integer",
    argument: "number",
    read: (value) => (typeof value === "number" ? check(value) : bad(expected)),
    readText: (written) => (/^[+-]?\d+$/.test(written) ? check(Number(written)) : bad(expected)),
    show: (value) => value,
  };
}

/** A part of one: above nothing, at most the whole. */
export const fraction: Kind<number> = {
  name: "fraction",
  argument: "number",
  read: (value) => (typeof value === "number" && value > 0 && value <= 1 ? good(value) : bad("more than 0, up to 1")),
  readText: (written) => fraction.read(written.trim() === "" ? 0 : Number(written)),
  show: (value) => value,
};

/** A port; 0 switches it off. */
export const port = integer(0, 65535);
/** A count without a bound of its own. */
export const count = integer(0, Number.MAX_SAFE_INTEGER);

/** A Go duration, kept in milliseconds. */
export function duration(leastMs = 0, mostMs = Number.MAX_SAFE_INTEGER): Kind<number> {
  const bounds = [
    leastMs > 0 ? ` of at least ${goDuration(leastMs)}` : "",
    mostMs < Number.MAX_SAFE_INTEGER ? ` up to ${goDuration(mostMs)}` : "",
  ].join("");
  const expected = `a duration${bounds} with its unit, such as 30s, 1m30s or 250ms`;
  const readText = (written: string): Parsed<number> => {
    const valueMs = parseDurationMs(written);
    return valueMs !== undefined && valueMs >= leastMs && valueMs <= mostMs ? good(valueMs) : bad(expected);
  };
  return {
    name: "duration",
    argument: "duration",
    read: (value) => (typeof value === "string" ? readText(value) : value === 0 ? readText("0") : bad(expected)),
    readText,
    show: goDuration,
  };
}

/** A Kubernetes quantity (`10Mi`, `500m`), kept as written. */
export const quantity: Kind<string> = {
  name: "quantity",
  argument: "quantity",
  read: (value) =>
    typeof value === "number" || typeof value === "string" ? quantity.readText(String(value)) : bad(QUANTITY_WORDS),
  readText: (written) => (parseQuantity(written) === undefined ? bad(QUANTITY_WORDS) : good(written)),
  show: (value) => value,
};
const QUANTITY_WORDS = "a quantity such as 10Mi, 1Gi or 500m";

/** One of a few words. */
export function choice<const W extends string>(...words: readonly W[]): Kind<W> {
  const name = words.map((word) => (word === "" ? '""' : word)).join(", ");
  const readText = (written: string): Parsed<W> => {
    const found = words.find((word) => word === written);
    return found === undefined ? bad(name) : good(found);
  };
  return {
    name,
    argument: "word",
    read: (value) => (typeof value === "string" ? readText(value) : bad(name)),
    readText,
    show: (value) => value,
  };
}

/** Several of one kind; on the command line separated by commas. */
export function list<T>(of: Kind<T>): Kind<readonly T[]> {
  const each = (values: readonly unknown[], read: (value: unknown) => Parsed<T>): Parsed<readonly T[]> => {
    const items: T[] = [];
    for (const value of values) {
      const item = read(value);
      if (!item.ok) return bad(`a list, each of it ${item.expected}`);
      items.push(item.value);
    }
    return good(items);
  };
  return {
    name: `list of ${of.name}`,
    argument: `${of.argument},...`,
    read: (value) => (Array.isArray(value) ? each(value, of.read) : bad(`a list, each of it a ${of.name}`)),
    readText: (written) => each(written === "" ? [] : written.split(","), (item) => of.readText(String(item).trim())),
    show: (value) => value.map(of.show),
  };
}

/** Values of one kind by name; on the command line `a=1,b=2`. A sign other than `=` is possible (`memory.available<100Mi`). */
export function map<T>(of: Kind<T>, sign = "="): Kind<Readonly<Record<string, T>>> {
  const expected = (why: string): string => `a mapping of names to ${of.name} values (${why})`;
  const each = (pairs: readonly (readonly [string, unknown])[], read: (value: unknown) => Parsed<T>) => {
    const found: Record<string, T> = {};
    for (const [name, value] of pairs) {
      const item = read(value);
      if (!item.ok) return bad(expected(`${name}: ${item.expected}`));
      found[name] = item.value;
    }
    return good<Readonly<Record<string, T>>>(found);
  };
  return {
    name: `map of ${of.name}`,
    argument: `name${sign}${of.argument},...`,
    merges: true,
    read: (value) => (isPlainObject(value) ? each(Object.entries(value), of.read) : bad(expected("name: value"))),
    readText: (written) => {
      const pairs = written === "" ? [] : written.split(",").map((part) => splitOnce(part.trim(), sign));
      if (pairs.some(([name, value]) => name === "" || value === undefined)) return bad(expected(`name${sign}value`));
      return each(pairs, (value) => of.readText(String(value)));
    },
    show: (value) => Object.fromEntries(Object.entries(value).map(([name, item]) => [name, of.show(item)])),
  };
}

/** An IP address. */
export const address: Kind<string> = {
  ...text,
  name: "IP address",
  argument: "address",
  read: (value) => (typeof value === "string" ? address.readText(value) : bad("an IP address")),
  readText: (written) => (isIP(written) > 0 ? good(written) : bad("an IP address")),
};

/** `address:port`, or empty for none. */
export const listenAddress: Kind<string> = {
  ...text,
  name: "address:port",
  argument: "address:port",
  read: (value) => (typeof value === "string" ? listenAddress.readText(value) : bad("address:port")),
  readText: (written) => {
    if (written === "") return good("");
    const [, host, number] = /^(.*):(\d{1,5})$/.exec(written) ?? [];
    const bare = host?.replace(/^\[(.*)\]$/, "$1");
    const fits = bare !== undefined && (bare === "" || isIP(bare) > 0) && Number(number) <= 65535;
    return fits ? good(written) : bad("address:port, such as 0.0.0.0:9100 or [::1]:9100");
  },
};

/** A unix socket of the container runtime; a bare path gets its `unix://`. */
export const endpoint: Kind<string> = {
  ...text,
  name: "unix socket",
  argument: "unix:///path",
  read: (value) => (typeof value === "string" ? endpoint.readText(value) : bad(ENDPOINT_WORDS)),
  readText: (written) => {
    if (written === "") return good("");
    const whole = written.startsWith("/") ? `unix://${written}` : written;
    return /^unix:\/\/\/.+/.test(whole) ? good(whole) : bad(ENDPOINT_WORDS);
  },
};
const ENDPOINT_WORDS = "a unix socket, such as unix:///run/containerd/containerd.sock";

/** A node taint. */
export type Taint = { readonly key: string; readonly value: string; readonly effect: string };
const TAINT_WORDS = "a taint: key[=value]:NoSchedule, :PreferNoSchedule or :NoExecute";

/** A taint, in files `{key, value, effect}`, on the command line `key=value:effect`. */
export const taint: Kind<Taint> = {
  name: "taint",
  argument: "key=value:effect",
  read: (value) => {
    if (!isPlainObject(value)) return bad(TAINT_WORDS);
    const { key, value: word = "", effect } = value;
    if (typeof key !== "string" || typeof word !== "string" || typeof effect !== "string") return bad(TAINT_WORDS);
    return taint.readText(`${key}=${word}:${effect}`);
  },
  readText: (written) => {
    const [, key, value = "", effect] =
      /^([^=:\s]+)(?:=([^:\s]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(written) ?? [];
    return key === undefined || effect === undefined ? bad(TAINT_WORDS) : good({ key, value, effect });
  },
  show: (value) => value,
};

/** Grace period of pods from a priority upwards. */
export type PriorityGrace = { readonly priority: number; readonly shutdownGracePeriodSeconds: number };
const PRIORITY_WORDS = "{priority, shutdownGracePeriodSeconds}, both whole numbers";

/** An entry of shutdownGracePeriodByPodPriority. */
export const priorityGrace: Kind<PriorityGrace> = {
  name: "{priority, shutdownGracePeriodSeconds}",
  argument: "",
  read: (value) => {
    if (!isPlainObject(value)) return bad(PRIORITY_WORDS);
    const { priority, shutdownGracePeriodSeconds } = value;
    if (typeof priority !== "number" || typeof shutdownGracePeriodSeconds !== "number") return bad(PRIORITY_WORDS);
    return good({ priority, shutdownGracePeriodSeconds });
  },
  readText: () => bad("set in a file"),
  show: (value) => value,
};

/** Whether a decoded value is a mapping. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function splitOnce(part: string, sign: string): readonly [string, string | undefined] {
  const at = part.indexOf(sign);
  return at < 0 ? [part, undefined] : [part.slice(0, at), part.slice(at + sign.length)];
}
