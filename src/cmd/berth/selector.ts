import { usageFailure } from "./terminal.ts";

type Labels = Readonly<Record<string, string>>;
/** Whether an object with these labels is meant. */
export type Selector = (labels: Labels | undefined) => boolean;

/** Reads kubectl's `-l`: `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b)`, `a`, `!a`, all of them. Throws a usage failure. */
export function readSelector(written: string | undefined): Selector {
  if (written === undefined || written.trim() === "") return () => true;
  const terms = written.split(/,(?![^(]*\))/).map((term) => readTerm(term.trim()));
  return (labels = {}) => terms.every((term) => term(labels));
}

const SET = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/;
const EQUAL = /^([^\s=!]+)\s*(==?|!=)\s*(\S*)$/;

function readTerm(term: string): (labels: Labels) => boolean {
  const [, setKey = "", operator, list = ""] = SET.exec(term) ?? [];
  if (operator !== undefined) {
    const values = list.split(",").map((value) => value.trim());
    const isIn = (labels: Labels): boolean => setKey in labels && values.includes(labels[setKey] ?? "");
    return operator === "in" ? isIn : (labels) => !isIn(labels);
  }
  const [, key = "", sign, value = ""] = EQUAL.exec(term) ?? [];
  if (sign !== undefined) return (labels) => (labels[key] === value) === (sign !== "!=");
  const [, not, name] = /^(!?)\s*([^\s=!()]+)$/.exec(term) ?? [];
  if (name === undefined)
    throw usageFailure(`${JSON.stringify(term)} is no label selector, such as app=web or env in (a,b)`);
  return (labels) => name in labels === (not === "");
}
