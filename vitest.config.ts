import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/kit/fixed-chance.ts"],
    exclude: ["test/e2e/**", "node_modules/**"],
    pool: "forks",
  },
});
