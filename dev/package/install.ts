// Installs the built programs: DESTDIR= for a root other than /, PREFIX= for another place than /usr/local.
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fail, messageOf, say } from "../say.ts";
import { contents, type Item } from "./contents.ts";
import { installLayout, installRoot } from "./install-places.ts";
import { ownArchitecture, releaseFor } from "./release.ts";
import { writeTree } from "./tree.ts";

/** Configuration that is there already stays as it is; everything else is replaced, never written over while it runs. */
async function putIntoPlace(items: readonly Item[], root: string, madeSeconds: number): Promise<void> {
  const wanted = items.filter((item) => item.kind !== "configuration" || !existsSync(join(root, item.path)));
  for (const { kind, path } of wanted)
    if (kind === "file" || kind === "link") await rm(join(root, path), { force: true });
  await writeTree(wanted, root, madeSeconds);
}

try {
  const release = await releaseFor(ownArchitecture());
  const layout = installLayout();
  await putIntoPlace(await contents(release, layout), installRoot(), release.madeSeconds);
  say(`installed below ${join(installRoot(), layout.prefix)}`);
  if (installRoot() === "/") {
    say("next: systemd-sysusers; systemd-tmpfiles --create; systemctl daemon-reload; systemctl enable --now berthd");
  }
} catch (thrown) {
  fail(`not installed: ${messageOf(thrown)}`);
}
