import { formatQuantity, parseQuantity } from "../../../src/pod/quantity.ts";
import { isJson, type Json } from "./merge.ts";

/** A node as a server keeps it, whatever it was sent: `3000m` processors are `3`, `1048576Ki` are `1Gi`, `1000` pods `1k`. */
export function withCanonicalAmounts<T extends object>(node: T): T {
  const { status } = node as { readonly status?: unknown };
  if (!isJson(status)) return node;
  const lists = (["capacity", "allocatable"] as const).flatMap((name) => {
    const list = status[name];
    return isJson(list) ? [[name, canonical(list)] as const] : [];
  });
  return { ...node, status: { ...status, ...Object.fromEntries(lists) } };
}

const canonical = (list: Json): Json =>
  Object.fromEntries(
    Object.entries(list).map(([name, text]) => {
      const amount = parseQuantity(String(text));
      return [name, amount === undefined ? text : formatQuantity(amount)];
    }),
  );
