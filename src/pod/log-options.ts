/** What of one instance's log is read, and how (cri-mapping 4.3). */
export type LogOptions = {
  readonly follow: boolean;
  readonly tailLines?: number;
  readonly sinceWallMs?: number;
  readonly timestamps: boolean;
  readonly limitBytes?: number;
  /** Asked at the end of the file while following. */
  readonly running: () => boolean;
};
