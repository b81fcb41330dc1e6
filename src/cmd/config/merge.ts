import type { Place } from "./finding.ts";
import { isPlainObject } from "./kinds.ts";
import type { Assignment } from "./read-document.ts";
import { ALL_ROWS, defaultSettings, type SettingKey, type Settings } from "./settings.ts";

/** Settings with the place that each non-default one comes from. */
export type Merged = { readonly settings: Settings; readonly places: ReadonlyMap<SettingKey, Place> };

/**
 * Lays assignments over one another, later ones on top, and defaults what none of them sets (node.md 8.1): maps merge
 * key by key, lists and all else are replaced, null takes back. Defaults come last, so that a drop-in never meets a default
 * that nobody wrote.
 */
export function mergeAssignments(layers: readonly (readonly Assignment[])[]): Merged {
  const merging = new Set(ALL_ROWS.filter(({ row }) => row.kind.merges).map(({ key }) => key));
  const values = new Map<SettingKey, unknown>();
  const places = new Map<SettingKey, Place>();

  for (const { key, value, place } of layers.flat()) {
    const below = values.get(key);
    if (value === null) {
      values.delete(key);
      places.delete(key);
      continue;
    }
    const merges = merging.has(key) && place.kind === "file" && isPlainObject(value);
    values.set(key, merges ? withoutNulls({ ...(isPlainObject(below) ? below : {}), ...value }) : value);
    places.set(key, place);
  }
  return { settings: { ...defaultSettings(), ...following(values), ...Object.fromEntries(values) }, places };
}

/** Defaults that depend on what is set: whoever sets how often the status is worked out means how often it is told (node.md 2.4). */
function following(values: ReadonlyMap<SettingKey, unknown>): Partial<Settings> {
  const lookMs = values.get("nodeStatusUpdateFrequency");
  return typeof lookMs === "number" ? { nodeStatusReportFrequency: lookMs } : {};
}

function withoutNulls(merged: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
}
