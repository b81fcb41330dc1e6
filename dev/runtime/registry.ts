import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Blob, BuiltImage } from "../../src/cmd/archive/oci.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import type { Places, Programs } from "./places.ts";

/** A registry on loopback that stands in for every registry of the world. */
export type Registry = { url: string; daemon: Daemon; push(images: BuiltImage[]): Promise<void> };

/** Starts Debian's docker-registry on a free loopback port and tells containerd to ask it first, or only it. */
export async function startRegistry(places: Places, programs: Programs, options: { only: boolean }): Promise<Registry> {
  await mkdir(join(places.registry, "data"), { recursive: true });
  const config = join(places.registry, "config.yml");
  const settings = {
    version: "0.1",
    log: { level: "info", fields: { service: "registry" } },
    storage: { filesystem: { rootdirectory: join(places.registry, "data") }, delete: { enabled: true } },
    http: { addr: "127.0.0.1:0", secret: places.key },
  };
  await writeFile(config, JSON.stringify(settings)); // JSON is YAML, too
  const log = join(places.registry, "registry.log");
  const daemon = await startDaemon(programs.registry, ["serve", config], log);
  const port = await daemon.waitForLine(/listening on 127\.0\.0\.1:(\d+)/, 10_000);
  const url = `http://127.0.0.1:${port}`;
  await writeMirrors(places, url, options.only);
  return { url, daemon, push: (images) => pushImages(url, images) };
}

/**
 * Writes the hosts.toml of each host name, and one for all others. With `only`, what the loopback registry lacks is found
 * nowhere: containerd then never asks beyond this machine.
 */
async function writeMirrors(places: Places, url: string, only: boolean): Promise<void> {
  const upstream: Record<string, string> = {
    "docker.io": "https://registry-1.docker.io",
    "quay.io": "https://quay.io",
  };
  for (const host of ["_default", "docker.io", "quay.io", "registry.4paradigm.com"]) {
    const server = only ? url : upstream[host];
    const lines = [server ? `server = "${server}"` : "", `[host."${url}"]`, '  capabilities = ["pull", "resolve"]'];
    await mkdir(join(places.certs, host), { recursive: true });
    await writeFile(join(places.certs, host, "hosts.toml"), `${lines.join("\n")}\n`);
  }
}

/** Pushes images under all of their names; the host in a name is left out, as a mirror does. */
export async function pushImages(url: string, images: BuiltImage[]): Promise<void> {
  for (const image of images) {
    for (const name of image.names) {
      const { repository, tag } = splitName(name);
      for (const blob of [image.config, ...image.layers]) await pushBlob(`${url}/v2/${repository}`, blob);
      const target = `${url}/v2/${repository}/manifests/${tag}`;
      await send("PUT", target, image.manifest.body, image.manifest.mediaType);
    }
  }
}

/** The repository as a mirror knows it, without the host name, and the tag. */
function splitName(name: string): { repository: string; tag: string } {
  const [, repository, tag] = /^[^/]+\/(.+):([^:/]+)$/.exec(name) ?? [];
  if (!repository || !tag) throw new Error(`an image to push needs a name of the form host/path:tag: ${name}`);
  return { repository, tag };
}

async function pushBlob(base: string, blob: Blob): Promise<void> {
  const there = await fetch(`${base}/blobs/${blob.digest}`, { method: "HEAD" });
  if (there.ok) return;
  const upload = await send("POST", `${base}/blobs/uploads/`, Buffer.alloc(0), "application/octet-stream");
  const place = new URL(upload.headers.get("location") ?? "", base);
  place.searchParams.set("digest", blob.digest);
  await send("PUT", place.href, blob.body, "application/octet-stream");
}

async function send(method: string, url: string, body: Buffer, contentType: string): Promise<Response> {
  const answer = await fetch(url, { method, body: new Uint8Array(body), headers: { "content-type": contentType } });
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
  return answer;
}
