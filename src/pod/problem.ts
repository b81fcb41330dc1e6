/** Something in a source that a person must mend; what runs goes on running. */
export type Problem = {
  /** Stable word with an entry in docs/problems.md. */
  readonly code: ProblemCode;
  readonly severity: "error" | "warning";
  readonly file: string;
  /** 1-based; absent when the problem is the file as a whole. */
  readonly line?: number;
  readonly column?: number;
  /** Path inside the document, e.g. `spec.containers[0].ports`. */
  readonly path?: string;
  /** What is wrong. Never holds a secret value. */
  readonly message: string;
  /** What to do about it. */
  readonly advice: string;
  /** `namespace/manifestName` where it is known. */
  readonly pod?: string;
};

/** Every kind of problem and what it means; docs/problems.md has an entry for each (a test holds them together). */
export const PROBLEM_CODES = {
  SourceUnreadable: "the manifest directory cannot be read; what runs goes on running",
  FileIgnored: "the file's name does not end in .yaml, .yml or .json",
  FileUnreadable: "the file cannot be read",
  FileTooLarge: "the file has 10 MiB or more",
  FileNotText: "the file is not UTF-8 text",
  YamlInvalid: "the file is not YAML or JSON",
  TooComplex: "the document is too large or too deeply nested to be read in time",
  NotAMapping: "the document is not a mapping of fields",
  KindUnknown: "the document's kind is not one that Berth runs",
  KindHasTemplate: "the document is a workload whose pod template has to be taken out",
  FieldUnknown: "the field does not exist, or not here",
  FieldDuplicate: "the field is written twice",
  FieldUnsupported: "the field exists, but Berth does not support it",
  ValueInvalid: "the value does not fit the field",
  QuoteSuspicious: "a typographic quote is taken as part of the word",
  NameTaken: "another document holds the pod's name",
  UidTaken: "another document's pod has the uid that the manifest gives",
  DocumentImmutable: "the data of an immutable ConfigMap or Secret has changed",
  ReferenceForbidden: "the reference needs an API server",
  RecordTorn: "what was kept of a pod on disk is damaged",
  HandlerIgnored: "only the first handler of a probe or hook is used",
} as const;
export type ProblemCode = keyof typeof PROBLEM_CODES;
