import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCommand } from "../../dev/run-command.ts";
import { networkListText } from "../../src/cmd/doctor/repair-network.ts";

// What the package takes away of what was written outside its own places; pods and mounts: test/e2e/systemd.

const DROP_IN = "etc/systemd/logind.conf.d/99-berth.conf";
const SYSCTL = "etc/sysctl.d/60-berth.conf";
const LIST = "etc/cni/net.d/10-berth.conflist";
const ADDRESSES = "var/lib/cni/networks/berth";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "berth-postrm-"));
  const script = readFileSync(join(import.meta.dirname, "../../packaging/deb/postrm"), "utf8");
  put("postrm", script.replaceAll(/(?<![\w/.])\/(?=(?:etc|var|run)\/)/g, `${root}/`));
  // In place of the host's own, which must not notice.
  program("ip", `echo "$*" >>${root}/links`);
  program("deb-systemd-helper", "exit 0");
});
afterEach(() => rmSync(root, { recursive: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
function program(name: string, script: string): void {
  put(`bin/${name}`, `#!/bin/sh\n${script}\n`);
  chmodSync(join(root, "bin", name), 0o755);
}
const there = (path: string): boolean => existsSync(join(root, path));
const postrm = (word: "remove" | "purge" | "upgrade"): Promise<string> =>
  runCommand("sh", [join(root, "postrm"), word], { env: { PATH: `${root}/bin:/usr/bin:/bin` } });

describe("the delay that berthd asked logind for", () => {
  it("goes with the package, and its folder when nothing else is there", async () => {
    put(DROP_IN, "[Login]\n");
    await postrm("remove");
    expect([there(DROP_IN), there(dirname(DROP_IN))]).toEqual([false, false]);
    await postrm("purge");
  });

  it("goes alone where others have theirs", async () => {
    put(DROP_IN, "[Login]\n");
    put("etc/systemd/logind.conf.d/10-mine.conf", "[Login]\n");
    await postrm("purge");
    expect([there(DROP_IN), there("etc/systemd/logind.conf.d/10-mine.conf")]).toEqual([false, true]);
  });

  it("stays over an upgrade", async () => {
    put(DROP_IN, "[Login]\n");
    await postrm("upgrade");
    expect(there(DROP_IN)).toBe(true);
  });
});

describe("what berth doctor --fix wrote", () => {
  beforeEach(() => {
    put(SYSCTL, "net.ipv4.ip_forward = 1\n");
    put(LIST, networkListText("10.185.0.0/20"));
    put(`${ADDRESSES}/last_reserved_ip.0`, "10.185.0.7");
    put(`${ADDRESSES}/lock`, "");
  });
  const left = (): boolean[] => [SYSCTL, LIST, ADDRESSES, "links"].map(there);

  it("stays when the package is only removed: its pods run on", async () => {
    await postrm("remove");
    expect(left()).toEqual([true, true, true, false]);
  });

  it("goes with a purge, the bridge too", async () => {
    await postrm("purge");
    expect(left()).toEqual([false, false, false, true]);
    expect(readFileSync(join(root, "links"), "utf8")).toBe("link delete berth0\n");
  });

  it("stays where another program's pod has an address of it", async () => {
    put(`${ADDRESSES}/10.185.0.6`, "a sandbox");
    await postrm("purge");
    expect(left()).toEqual([false, true, true, false]);
  });

  it("stays where a person changed it", async () => {
    put(LIST, networkListText("10.185.0.0/20").replace("berth0", "pods0"));
    await postrm("purge");
    expect(left()).toEqual([false, true, true, false]);
  });
});
