import { BerthError, type ErrorCode } from "../../../src/base/errors.ts";
import type { SeenImage } from "../../../src/pod/action.ts";
import { digest } from "../compiled-pod.ts";

/** What the registry does when an image is asked for. */
export type RegistryEntry = {
  readonly pullMs?: number;
  readonly failure?: { readonly code: ErrorCode; readonly message: string };
  readonly image?: Partial<SeenImage>;
};

/** Images that the runtime has, and the registry behind it: every reference exists there unless it is said otherwise. */
export type ImageShelf = {
  has(ref: string, image?: Partial<SeenImage>): void;
  /** By reference or by id, as runtimes do. */
  find(ref: string): SeenImage | undefined;
  /** Each reference with its image. */
  all(): readonly (readonly [string, SeenImage])[];
  /** Changes what the registry does from now on. */
  offer(ref: string, entry: RegistryEntry): void;
  offered(ref: string): RegistryEntry;
  /** The end of a pull. Throws what the registry says. */
  arrive(ref: string): SeenImage;
};

/** An empty shelf before a full registry. */
export function makeImageShelf(): ImageShelf {
  const shelf = new Map<string, SeenImage>();
  const registry = new Map<string, RegistryEntry>();
  const made = (ref: string, image: Partial<SeenImage> = {}): SeenImage => ({
    id: `sha256:${digest(ref, 8)}`,
    size: 1_000_000,
    ...image,
  });

  return {
    has: (ref, image) => void shelf.set(ref, made(ref, image)),
    find: (ref) => shelf.get(ref) ?? [...shelf.values()].find(({ id }) => id === ref),
    all: () => [...shelf],
    offer: (ref, entry) => void registry.set(ref, entry),
    offered: (ref) => registry.get(ref) ?? {},
    arrive(ref) {
      const { failure, image } = registry.get(ref) ?? {};
      if (failure !== undefined) throw new BerthError(failure.code, failure.message);
      const arrived = made(ref, image);
      shelf.set(ref, arrived);
      return arrived;
    },
  };
}
