import type { ImageGarbage } from "../../pod/image-store.ts";
import type { Command } from "./command.ts";
import { withProgress } from "./progress.ts";
import { CommandFailure, usageFailure } from "./terminal.ts";

export const gc: Command = {
  usage: "",
  help: "Remove all images that no container and no pod of this host uses and that are not pinned.",
  flags: ["dry-run"],
  examples: ["berth gc --dry-run"],
  async run(call) {
    if (call.words.length > 0) throw usageFailure("gc is about this host and takes no name");
    const query = call.has("dry-run") ? "?dryRun=true" : "";
    const work = call.client.post<ImageGarbage>(`/v1/gc${query}`);
    const { dryRun, images } = await withProgress(call.terminal, () => "looking for images that nothing uses", work);
    const removed = images.filter(({ failure }) => failure === undefined);
    for (const { id, names, bytes } of removed) {
      await call.terminal.out.write(`${dryRun ? "would remove" : "removed"} ${names[0] ?? id} (${mib(bytes)})\n`);
    }
    const sum = removed.reduce((total, { bytes }) => total + bytes, 0);
    await call.terminal.out.write(`${removed.length} ${removed.length === 1 ? "image" : "images"}, ${mib(sum)}\n`);
    const failed = images.filter(({ failure }) => failure !== undefined);
    if (failed.length === 0) return 0;
    throw new CommandFailure(failed.map(({ id, names, failure }) => `${names[0] ?? id}: ${failure}`).join("\n"));
  },
};

const mib = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
