import { AGENT_ROWS } from "./agent-rows.ts";
import { KUBELET_ROWS } from "./kubelet-rows.ts";
import { MEANINGLESS } from "./meaningless.ts";
import type { Row, ValuesOf } from "./row.ts";

/** The documents that a configuration is made of. */
export const DOCUMENTS = {
  KubeletConfiguration: {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    rows: KUBELET_ROWS as Readonly<Record<string, Row<unknown>>>,
    meaningless: MEANINGLESS,
  },
  AgentConfiguration: {
    apiVersion: "berth.dev/v1alpha1",
    rows: AGENT_ROWS as Readonly<Record<string, Row<unknown>>>,
    meaningless: {} as Readonly<Record<string, string>>,
  },
} as const;
export type DocumentKind = keyof typeof DOCUMENTS;

/** Every setting by its dotted path; durations in milliseconds, quantities as written. */
export type Settings = ValuesOf<typeof KUBELET_ROWS> & ValuesOf<typeof AGENT_ROWS>;
export type SettingKey = keyof Settings;

/** Every row with its key and document; keys are unique over both documents. */
export const ALL_ROWS: readonly {
  readonly key: SettingKey;
  readonly document: DocumentKind;
  readonly row: Row<unknown>;
}[] = (Object.keys(DOCUMENTS) as DocumentKind[]).flatMap((document) =>
  Object.entries(DOCUMENTS[document].rows).map(([key, row]) => ({ key: key as SettingKey, document, row })),
);

/** What holds when nothing is set. */
export function defaultSettings(): Settings {
  return Object.fromEntries(ALL_ROWS.map(({ key, row }) => [key, row.default])) as Settings;
}
