import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { PAGES } from "../../dev/generate-docs.ts";

const ROOT = resolve(import.meta.dirname, "../..");

it.each(Object.entries(PAGES))("%s is what the code makes it (else run dev/generate-docs.ts)", (path, page) => {
  expect(readFileSync(join(ROOT, path), "utf8")).toBe(page());
});
