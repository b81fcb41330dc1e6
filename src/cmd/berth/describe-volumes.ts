import type * as v1 from "../../pod/v1.ts";
import { field, type Line } from "./lines.ts";

/** What `describe` says about one volume: its type and the fields that are set. */
export function volumeLines(volume: v1.Volume): Line[] {
  const [type, source] = Object.entries(volume).find(([name]) => name !== "name") ?? ["emptyDir", {}];
  const fields = Object.entries((source ?? {}) as Record<string, unknown>).map(([name, value]) =>
    field(name, typeof value === "object" ? JSON.stringify(value) : String(value)),
  );
  return [field("Type", type), ...fields];
}
