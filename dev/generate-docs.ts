// Writes the pages of docs/ that follow from tables in the code. `test/cmd/docs.test.ts` fails when a page is out of date.
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { configurationPage } from "../src/cmd/config/document.ts";
import { apiPage } from "../src/serve/api-page.ts";
import { metricsPage } from "../src/serve/metrics-page.ts";
import { openApiDocument } from "../src/serve/openapi.ts";
import { limitsPage } from "./limits/page.ts";
import { fleetDashboard, nodeDashboard } from "./monitoring/dashboards.ts";
import { podFieldsPage } from "./pod-fields-page.ts";

/** Every page that is made from code, by its path from the root of the repository. */
export const PAGES: Readonly<Record<string, () => string>> = {
  "docs/configuration.md": configurationPage,
  "docs/limits.md": limitsPage,
  "docs/api.md": apiPage,
  "docs/metrics.md": metricsPage,
  "docs/openapi.json": () => `${JSON.stringify(openApiDocument(), undefined, 2)}\n`,
  "docs/pod-fields.md": podFieldsPage,
  "monitoring/dashboard-node.json": nodeDashboard,
  "monitoring/dashboard-fleet.json": fleetDashboard,
};

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const [path, page] of Object.entries(PAGES))
    writeFileSync(join(resolve(import.meta.dirname, ".."), path), page());
}
