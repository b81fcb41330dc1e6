import { join } from "node:path";

/** The checkout that this file lies in. */
export const checkout = join(import.meta.dirname, "..");

/** Everything that the development tools make lies below this folder, which git ignores. */
export const workFolder = join(checkout, ".work");

/** Where fetched daemons are unpacked: the machine's own suite and the newer containerd. */
export const daemonFolders = { distro: join(workFolder, "daemons/distro"), newer: join(workFolder, "daemons/newer") };
