import { berthPage } from "./berth.ts";
import { berthConfigPage } from "./berth-config.ts";
import { berthManifestsPage } from "./berth-manifests.ts";
import { berthdPage } from "./berthd.ts";
import { type ManualPage, renderPage } from "./mdoc.ts";

const PAGES: readonly (() => ManualPage)[] = [berthPage, berthdPage, berthConfigPage, berthManifestsPage];

/** Every manual page as the name of its file and its text. */
export function manualPages(
  madeSeconds: number,
): readonly { readonly file: string; readonly section: number; readonly text: string }[] {
  return PAGES.map((make) => {
    const page = make();
    return { file: `${page.name}.${page.section}`, section: page.section, text: renderPage(page, madeSeconds) };
  });
}
