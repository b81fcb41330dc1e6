import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startDaemon } from "../../dev/runtime/daemon.ts";
import { programsOf } from "../../dev/runtime/places.ts";
import { pushImages } from "../../dev/runtime/registry.ts";
import type { BuiltImage } from "../../src/cmd/archive/oci.ts";
import type { SharedRuntime } from "./shared-runtime.ts";

/** A registry on loopback that lets in only one user. */
export type LockedRegistry = {
  /** `host:port`, as image names begin. */
  readonly address: string;
  readonly user: string;
  readonly password: string;
  close(): Promise<void>;
};

const USER = "jane";
const PASSWORD = "s3cret-pass";
/** Of the password, by bcrypt with the cheapest cost that the registry takes. */
const HASH = "$2y$05$abcdefghijklmnopqrstuuV7fpPozvyqJfnY19y0802WTlXUm6Rjy";

/** Serves images that `build` makes for its address. Pushed while it is open, locked afterwards. */
export async function startLockedRegistry(
  runtime: SharedRuntime,
  folder: string,
  build: (address: string) => Promise<BuiltImage[]>,
): Promise<LockedRegistry> {
  await mkdir(join(folder, "data"), { recursive: true });
  await writeFile(join(folder, "htpasswd"), `${USER}:${HASH}\n`);
  const start = async (addr: string, auth: object) => {
    const config = join(folder, "config.yml");
    const storage = { filesystem: { rootdirectory: join(folder, "data") } };
    await writeFile(config, JSON.stringify({ version: "0.1", storage, http: { addr, secret: "of-a-test" }, ...auth }));
    const daemon = await startDaemon(programsOf(runtime.version).registry, ["serve", config], join(folder, "log"));
    const port = await daemon.waitForLine(/listening on 127\.0\.0\.1:(\d+)/, 10_000);
    return { daemon, address: `127.0.0.1:${port}` };
  };
  const open = await start("127.0.0.1:0", {});
  const { address } = open;
  try {
    await pushImages(`http://${address}`, await build(address));
  } finally {
    await open.daemon.stop();
  }
  const locked = await start(address, { auth: { htpasswd: { realm: "test", path: join(folder, "htpasswd") } } });
  const hosts = join(runtime.places.certs, address);
  await mkdir(hosts, { recursive: true });
  await writeFile(join(hosts, "hosts.toml"), `server = "http://${address}"\n[host."http://${address}"]\n`);
  return {
    address,
    user: USER,
    password: PASSWORD,
    async close() {
      await rm(hosts, { recursive: true, force: true });
      await locked.daemon.stop();
    },
  };
}
