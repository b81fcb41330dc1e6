import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { PAGES } from "../../dev/generate-docs.ts";

const ROOT = resolve(import.meta.dirname, "../..");

it.each(Object.entries(PAGES))("%s is what the code makes it (else run dev/generate-docs.ts)", (path, page) => {
  expect(readFileSync(join(ROOT, path), "utf8")).toBe(page());
});

const WRITTEN = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(ROOT, "docs")).map((name) => `docs/${name}`),
];

it.each(WRITTEN.filter((path) => path.endsWith(".md")))("every link of %s leads somewhere", (path) => {
  const links = [...readFileSync(join(ROOT, path), "utf8").matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(
    ([, to]) => to ?? "",
  );
  expect(links.filter((to) => !existsSync(join(ROOT, path, "..", to)))).toEqual([]);
});
