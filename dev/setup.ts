// Makes the machine ready for run, test and bench, as far as something is missing. Needs root, Debian, and Node 24.

import { fail, messageOf, say } from "./say.ts";
import { refreshLists } from "./setup/apt.ts";
import { fetchDistroDaemons, fetchNewerContainerd } from "./setup/daemons.ts";
import { installMissingTools } from "./setup/tools.ts";

try {
  await installMissingTools(refreshLists);
  await fetchDistroDaemons();
  const newer = await fetchNewerContainerd();
  if ("missing" in newer) say(`containerd 2.x cannot be had, the distribution's own is used: ${newer.missing}`);
} catch (thrown) {
  fail(`set-up failed: ${messageOf(thrown)}`);
}
