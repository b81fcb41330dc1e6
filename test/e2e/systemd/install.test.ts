import { existsSync } from "node:fs";
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommand } from "../../../dev/run-command.ts";

// `make install` and `make uninstall` into a folder, as those do who make packages of their own.

const PROJECT = join(import.meta.dirname, "../../..");
const CONFIG = "etc/berth/config.yaml";
const DROP_IN = "etc/systemd/logind.conf.d/99-berth.conf";

let root: string;
const run = (verb: "install" | "uninstall"): Promise<string> =>
  runCommand(process.execPath, [join(PROJECT, `dev/package/${verb}.ts`)], {
    cwd: PROJECT,
    env: { ...process.env, DESTDIR: root, PREFIX: "/opt" },
  });
const files = async (): Promise<string[]> =>
  (await readdir(root, { recursive: true, withFileTypes: true }))
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "berth-install-"));
  await run("install");
});
afterAll(() => rm(root, { recursive: true }));

test("the programs are below the prefix and run from there; the service begins them there", async () => {
  expect(await runCommand(join(root, "opt/bin/berth"), ["completion", "bash"])).toContain("berth");
  const all = await files();
  const unit = all.find((path) => path.endsWith("/berthd.service")) ?? "";
  expect(await readFile(join(root, unit), "utf8")).toMatch(/^ExecStart=\/opt\//m);
  expect(all).toContain(CONFIG);
  for (const page of ["berth.1", "berthd.8", "berth-config.5", "berth-manifests.5"]) {
    expect(all.some((path) => path.includes(`/${page}`))).toBe(true);
  }
});

test("a second installation keeps an edited configuration", async () => {
  await appendFile(join(root, CONFIG), "# mine\n");
  await run("install");
  expect(await readFile(join(root, CONFIG), "utf8")).toContain("# mine");
});

test("uninstalled, nothing is left but configuration, manifests and state", async () => {
  const kept = [CONFIG, "etc/berth/manifests/web.yaml", "var/lib/berth/pods/kept"];
  for (const path of [...kept.slice(1), DROP_IN]) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), "");
  }
  await run("uninstall");
  expect(await files()).toEqual(kept);
  expect(existsSync(join(root, dirname(DROP_IN)))).toBe(false);
  expect(existsSync(join(root, "opt/lib/berth"))).toBe(false);
});
