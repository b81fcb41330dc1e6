import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/kit/fixed-chance.ts"],
    exclude: ["test/e2e/**", "test/e2e-cluster/**", "node_modules/**"],
    pool: "forks",
    // Nothing is judged by it; it only ends what hangs, and a busy machine may take its time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
