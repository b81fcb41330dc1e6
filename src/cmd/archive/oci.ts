import { createHash } from "node:crypto";
import { packTar, type TarEntry } from "./tar.ts";

/** How an image starts: what a Dockerfile would say. */
export type ImageConfig = {
  entrypoint?: string[];
  command?: string[];
  env?: string[];
  workdir?: string;
  user?: string;
  stopSignal?: string;
};

/** An image to be built: its full names (host, path, tag), its layers from the bottom up, and how it starts. */
export type ImageRecipe = { names: string[]; layers: Layer[]; config: ImageConfig };

/** A layer as an uncompressed tar. Images that share one share its bytes, and the snapshot made of it. */
export type Layer = { tar: Buffer; digest: string };

/** A stored piece of an image. */
export type Blob = { digest: string; mediaType: string; body: Buffer };

/** A built image: the manifest and all that it refers to. */
export type BuiltImage = { names: string[]; manifest: Blob; config: Blob; layers: Blob[] };

const mediaTypes = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
};

/** Makes a layer of files. */
export function makeLayer(entries: TarEntry[]): Layer {
  const tar = packTar(entries);
  return { tar, digest: digestOf(tar) };
}

/** Builds an image by its recipe. Equal recipes give equal digests. */
export function buildImage(recipe: ImageRecipe): BuiltImage {
  const layers = recipe.layers.map(({ tar, digest }) => ({ digest, mediaType: mediaTypes.layer, body: tar }));
  const config = jsonBlob(mediaTypes.config, {
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    config: {
      Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ...(recipe.config.env ?? [])],
      Entrypoint: recipe.config.entrypoint,
      Cmd: recipe.config.command,
      WorkingDir: recipe.config.workdir,
      User: recipe.config.user,
      StopSignal: recipe.config.stopSignal,
    },
    rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.digest) },
  });
  const manifest = jsonBlob(mediaTypes.manifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: describe(config),
    layers: layers.map(describe),
  });
  return { names: recipe.names, manifest, config, layers };
}

/** Packs images into one OCI archive, as `ctr images import` reads it: each under all of its names. */
export function packArchive(images: BuiltImage[]): Buffer {
  const blobs = new Map<string, Buffer>();
  for (const image of images) {
    for (const blob of [image.manifest, image.config, ...image.layers]) blobs.set(blob.digest, blob.body);
  }
  const manifests = images.flatMap((image) =>
    image.names.map((name) => ({ ...describe(image.manifest), annotations: { "io.containerd.image.name": name } })),
  );
  const index = { schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests };
  const file = (path: string, body: Buffer): TarEntry => ({ kind: "file", path, mode: 0o644, body });
  return packTar([
    file("oci-layout", Buffer.from('{"imageLayoutVersion":"1.0.0"}')),
    file("index.json", Buffer.from(JSON.stringify(index))),
    ...[...blobs].map(([digest, body]) => file(`blobs/${digest.replace(":", "/")}`, body)),
  ]);
}

/** A blob as a manifest or an index refers to it. */
function describe(blob: Blob): { mediaType: string; digest: string; size: number } {
  return { mediaType: blob.mediaType, digest: blob.digest, size: blob.body.length };
}

function jsonBlob(mediaType: string, value: unknown): Blob {
  const body = Buffer.from(JSON.stringify(value));
  return { digest: digestOf(body), mediaType, body };
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
