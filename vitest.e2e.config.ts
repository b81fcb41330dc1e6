import { defineConfig } from "vitest/config";

/** The files of test/e2e/ that also run on the distribution's containerd in `make test`. */
const SMOKE = ["manifests", "keep-last-good", "adoption", "restarts", "volumes"];

/** BERTH_E2E_SCOPE: `test` (short waits, the default), `all` (long ones), `smoke`. */
const scope = process.env.BERTH_E2E_SCOPE ?? "test";

export default defineConfig({
  test: {
    include: scope === "smoke" ? SMOKE.map((name) => `test/e2e/${name}.test.ts`) : ["test/e2e/*.test.ts"],
    globalSetup: ["test/kit/shared-runtime.ts"],
    pool: "forks",
    // Tests mostly wait for back-offs and graces: more files at once than the machine has cores.
    maxWorkers: 4,
    testTimeout: 120_000,
    hookTimeout: 60_000,
    teardownTimeout: 60_000,
  },
});
