import { expect, it } from "vitest";
import { manualPages } from "../../dev/package/man/pages.ts";
import { COMMANDS } from "../../src/cmd/berth/commands.ts";
import { ALL_ROWS } from "../../src/cmd/config/settings.ts";

const page = (file: string): string => manualPages(0).find((each) => each.file === file)?.text ?? "";
const unescaped = (text: string): string => text.replaceAll("\\-", "-").replaceAll("\\&", "");

it("there is a page for each program and each kind of file", () => {
  expect(manualPages(0).map(({ file }) => file)).toEqual([
    "berth.1",
    "berthd.8",
    "berth-config.5",
    "berth-manifests.5",
  ]);
});

it("berth(1) has every command", () => {
  for (const name of Object.keys(COMMANDS)) expect(page("berth.1")).toContain(`.Cm ${name}\n`);
});

it("berth-config(5) has every setting", () => {
  for (const { key } of ALL_ROWS) expect(unescaped(page("berth-config.5"))).toContain(`.It Ic ${key}\n`);
});

it("no line begins like a macro by accident, and the date is the release's", () => {
  for (const { text } of manualPages(0)) {
    expect(text).toMatch(/^\.Dd January 1, 1970\n/);
    for (const line of text.split("\n")) expect(line).toMatch(/^(?:$|\.[A-Z][a-z]\b|[^.'])/);
  }
});
