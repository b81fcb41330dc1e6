// Removes what `make install` put into place, with the same DESTDIR and PREFIX. Configuration, manifests, state and pods stay.
import { existsSync } from "node:fs";
import { readdir, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { tryCommand } from "../run-command.ts";
import { fail, messageOf, say } from "../say.ts";
import { contents, type Item } from "./contents.ts";
import { installLayout, installRoot } from "./install-places.ts";
import { ownArchitecture, releaseFor } from "./release.ts";

/** Directories of our own that may be empty now; those that others share are left alone even then. */
const OWN = /\/(?:lib|share\/doc)\/berth(?:\/|$)/;

/** Written by a running berthd: as long a shutdown as pods were promised. Without berthd nobody asks for it. */
const LOGIND_DELAY = "/etc/systemd/logind.conf.d/99-berth.conf";

const HANG_UP = ["kill", "--signal=HUP", "systemd-logind.service"];

/** What pods that run on need (their network, forwarding) stays. */
async function shortenShutdown(root: string): Promise<void> {
  const path = join(root, LOGIND_DELAY);
  if (!existsSync(path)) return;
  await rm(path);
  await removeEmpty(dirname(path));
  // logind reads its files again; where there is none, there is nobody to tell.
  if (root === "/") await tryCommand("systemctl", HANG_UP).catch(() => undefined);
}

async function takeAway(items: readonly Item[], root: string): Promise<void> {
  const ours = items.filter(({ kind }) => kind === "file" || kind === "link");
  for (const { path } of ours) await rm(join(root, path), { force: true });
  const folders = new Set(ours.map(({ path }) => dirname(path)).filter((path) => OWN.test(path)));
  for (const folder of [...folders].sort().reverse()) await removeEmpty(join(root, folder));
}

async function removeEmpty(folder: string): Promise<void> {
  const left = await readdir(folder).catch(() => ["not there"]);
  if (left.length === 0) await rmdir(folder);
}

try {
  const layout = installLayout();
  await takeAway(await contents(await releaseFor(ownArchitecture()), layout), installRoot());
  await shortenShutdown(installRoot());
  say(`removed from ${join(installRoot(), layout.prefix)}; /etc/berth, /var/lib/berth and all pods stay`);
} catch (thrown) {
  fail(`not uninstalled: ${messageOf(thrown)}`);
}
