import { defineConfig } from "vitest/config";

/** The files of test/e2e/ that also run on the distribution's containerd in `make test`. */
const SMOKE = ["manifests", "keep-last-good", "adoption", "restarts", "volumes"];

/**
 * BERTH_E2E_SCOPE: `test` (short waits, the default), `all` (long ones), `smoke`, `alone` (those that need the host),
 * `systemd` (a booted Debian with the package), `cluster` (a real control plane). */
const INCLUDE: Record<string, string[]> = {
  test: ["test/e2e/*.test.ts"],
  all: ["test/e2e/*.test.ts"],
  smoke: SMOKE.map((name) => `test/e2e/${name}.test.ts`),
  alone: ["test/e2e/alone/*.test.ts"],
  systemd: ["test/e2e/systemd/*.test.ts"],
  cluster: ["test/e2e-cluster/*.test.ts"],
};
/** They kill the server, or want flags of it that the tests' own cluster has. */
const OWN_CLUSTER = ["server-killed", "node-api", "node-api-direct", "ephemeral"].map(
  (name) => `test/e2e-cluster/${name}.test.ts`,
);
const scope = process.env.BERTH_E2E_SCOPE ?? "test";
/** Those that bring a world of their own, one file after the other. */
const isApart = scope === "alone" || scope === "systemd";
/** One control plane at a time is enough for the machine. */
const isHeavy = isApart || scope === "cluster";

export default defineConfig({
  test: {
    include: INCLUDE[scope] ?? [],
    exclude: process.env.BERTH_CLUSTER_KUBECONFIG ? OWN_CLUSTER : [],
    globalSetup: isApart ? [] : ["test/kit/shared-runtime.ts"],
    pool: "forks",
    // Tests mostly wait for back-offs and graces: more files at once than the machine has cores.
    maxWorkers: isHeavy ? 1 : 4,
    testTimeout: 120_000,
    hookTimeout: 60_000,
    teardownTimeout: 60_000,
  },
});
