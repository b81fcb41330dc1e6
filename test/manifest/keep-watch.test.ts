import { expect, it, vi } from "vitest";
import type { Log } from "../../src/base/log.ts";
import { silentLog } from "../../src/base/log.ts";
import { keepWatch } from "../../src/manifest/keep-watch.ts";
import type { WatchListener } from "../../src/manifest/watch.ts";

const watches: WatchListener[] = [];

vi.mock("../../src/manifest/watch.ts", () => ({
  watchManifests: async (_path: string, listener: WatchListener) => {
    watches.push(listener);
    return { close: async () => {} };
  },
}));

it("a watch that fails for each file of a directory is told once, and is made anew", async () => {
  const warnings: string[] = [];
  const log: Log = { ...silentLog, warn: (message) => void warnings.push(message) };
  const end = new AbortController();
  const looker = { look: async () => ({ identity: "the directory" }) };
  const kept = keepWatch({ path: "/nowhere", fileCheckMs: 1, log, looker, tell: () => {} }, end.signal);
  await vi.waitFor(() => expect(watches).toHaveLength(1));
  for (let file = 0; file < 1_000; file += 1) watches[0]?.onError(new Error(`no such process: file ${file}`));
  expect(warnings).toHaveLength(1);
  await vi.waitFor(() => expect(watches).toHaveLength(2));
  watches[1]?.onError(new Error("again"));
  expect(warnings).toHaveLength(2);
  end.abort();
  await kept.stop();
});
