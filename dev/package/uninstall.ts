// Removes what `make install` put into place, with the same DESTDIR and PREFIX. Configuration, manifests, state and pods stay.
import { readdir, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fail, messageOf, say } from "../say.ts";
import { contents, type Item } from "./contents.ts";
import { installLayout, installRoot } from "./install-places.ts";
import { ownArchitecture, releaseFor } from "./release.ts";

/** Directories of our own that may be empty now; those that others share are left alone even then. */
const OWN = /\/(?:lib|share\/doc)\/berth(?:\/|$)/;

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
  say(`removed from ${join(installRoot(), layout.prefix)}; /etc/berth, /var/lib/berth and all pods stay`);
} catch (thrown) {
  fail(`not uninstalled: ${messageOf(thrown)}`);
}
