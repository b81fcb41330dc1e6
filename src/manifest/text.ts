import { isUtf8 } from "node:buffer";
import type { ProblemCode } from "../pod/problem.ts";

/** What is wrong with bytes that are not the text of a manifest. Lines and columns are 1-based. */
export type TextFault = {
  readonly code: ProblemCode;
  readonly message: string;
  readonly advice: string;
  readonly line?: number;
  readonly column?: number;
};

const SAVE_AS_UTF8 = "save the file as UTF-8 without a byte order mark";
const TAB = 9;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const SPACE = 32;
const DELETE = 127;

/** The text of a file: UTF-8, with or without a byte order mark, free of control characters. */
export function readText(bytes: Uint8Array): string | TextFault {
  const other = otherEncoding(bytes);
  if (other !== undefined) {
    return { code: "FileNotText", message: `the file is written in ${other}, not in UTF-8`, advice: SAVE_AS_UTF8 };
  }
  const control = bytes.findIndex(isControl);
  if (control >= 0) return controlFault(bytes, control);
  const text = new TextDecoder().decode(bytes);
  return isUtf8(bytes) ? text : encodingFault(text);
}

/** The name of an encoding that is surely not UTF-8, from its mark or from where the first NUL bytes stand. */
function otherEncoding(bytes: Uint8Array): string | undefined {
  const [first, second, third, fourth] = bytes;
  if (first === 0xff && second === 0xfe) return third === 0 && fourth === 0 ? "UTF-32" : "UTF-16";
  if (first === 0xfe && second === 0xff) return "UTF-16";
  if (first === 0 && second === 0 && third === 0xfe && fourth === 0xff) return "UTF-32";
  if (bytes.length < 4) return undefined;
  if (first === 0 && second !== 0 && third === 0 && fourth !== 0) return "UTF-16";
  if (first !== 0 && second === 0 && third !== 0 && fourth === 0) return "UTF-16";
  return undefined;
}

const isControl = (byte: number): boolean =>
  (byte < SPACE && byte !== TAB && byte !== LINE_FEED && byte !== CARRIAGE_RETURN) || byte === DELETE;

function controlFault(bytes: Uint8Array, at: number): TextFault {
  const byte = (bytes[at] ?? 0).toString(16).padStart(2, "0");
  return {
    code: "FileNotText",
    message: bytes[at] === 0 ? "the file holds a NUL byte" : `the file holds the control character 0x${byte}`,
    advice: "remove it; if the file is compressed or was cut off by a crash, write it again",
    ...placeOf(new TextDecoder().decode(bytes.subarray(0, at))),
  };
}

function encodingFault(text: string): TextFault {
  return {
    code: "FileNotText",
    message: "the file holds bytes that are not UTF-8",
    advice: SAVE_AS_UTF8,
    ...placeOf(text.slice(0, Math.max(0, text.indexOf("\ufffd")))),
  };
}

/** The place right behind a beginning of the text. */
function placeOf(before: string): { line: number; column: number } {
  const lines = before.split("\n");
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}
