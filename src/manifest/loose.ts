/** A value of the API as decoded: of the right types, but any field may be missing until validation said otherwise. */
export type Loose<T> = T extends (infer U)[]
  ? Loose<U>[]
  : T extends object
    ? { [K in keyof T]?: Loose<T[K]> | undefined }
    : T;
