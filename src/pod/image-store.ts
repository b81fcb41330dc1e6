/** An image that the runtime keeps. */
export type StoredImage = {
  readonly id: string;
  /** Tags and digests under which it is known. */
  readonly names: readonly string[];
  readonly bytes: number;
  /** Never to be collected, the runtime says. */
  readonly pinned: boolean;
};

/** All images of the runtime, whoever brought them (cri-mapping 6.5). Throws BerthErrors as the runtime does. */
export type ImageStore = {
  list(signal: AbortSignal): Promise<readonly StoredImage[]>;
  /** Ids and names of images that containers of anybody were made from, those that have ended among them. */
  used(signal: AbortSignal): Promise<ReadonlySet<string>>;
  remove(id: string, signal: AbortSignal): Promise<void>;
  /** The disk that images are on; undefined when the runtime does not tell. */
  disk(signal: AbortSignal): Promise<Disk | undefined>;
};

/** A file system; the number of its device tells whether two are the same. */
export type Disk = {
  readonly capacityBytes: number;
  readonly availableBytes: number;
  readonly inodes?: { readonly available: number; readonly capacity: number };
  readonly device?: number;
};

/** What a collection of images did, or would do. */
export type ImageGarbage = {
  readonly dryRun: boolean;
  readonly images: readonly {
    readonly id: string;
    readonly names: readonly string[];
    readonly bytes: number;
    /** Why it could not be removed. */
    readonly failure?: string;
  }[];
};
