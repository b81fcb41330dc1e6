import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { readNodeFacts } from "../../src/host/facts.ts";
import { parseResolvConf } from "../../src/host/resolv-conf.ts";

const signal = new AbortController().signal;
const wishes = { hostnameOverride: "", nodeIps: [], nodeLabels: {}, resolvConf: "" };

describe("facts of the node", () => {
  it("come from this host", async () => {
    const facts = await readNodeFacts({ ...wishes, nodeLabels: { disk: "ssd", "kubernetes.io/os": "own" } }, signal);
    expect(facts.nodeName).toMatch(/^[a-z0-9.-]+$/);
    expect(facts.bootId).toMatch(/^[0-9a-f-]{36}$/);
    expect(facts.memoryBytes).toBe(totalmem());
    expect(facts.cpuMillis).toBeGreaterThanOrEqual(1000);
    expect(facts.labels).toMatchObject({
      "kubernetes.io/hostname": facts.nodeName,
      "kubernetes.io/os": "own",
      disk: "ssd",
    });
    expect(["amd64", "arm64"]).toContain(facts.labels["kubernetes.io/arch"]);
    expect(facts.resolvConf).toEqual({ servers: [], searches: [], options: [] });
  });

  it("have the name that was asked for, in lower case", async () => {
    const facts = await readNodeFacts({ ...wishes, hostnameOverride: " Edge-7 " }, signal);
    expect([facts.nodeName, facts.labels["kubernetes.io/hostname"]]).toEqual(["edge-7", "edge-7"]);
  });

  it("hold the resolver file, or tell that it is missing", async () => {
    const directory = mkdtempSync(join(tmpdir(), "berth-host-"));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const resolvConf = join(directory, "resolv.conf");
    await expect(readNodeFacts({ ...wishes, resolvConf }, signal)).rejects.toMatchObject({ code: "ConfigInvalid" });
    writeFileSync(resolvConf, "nameserver 10.0.0.53\n");
    expect((await readNodeFacts({ ...wishes, resolvConf }, signal)).resolvConf.servers).toEqual(["10.0.0.53"]);
  });
});

describe("a resolver file (cri-mapping 1.3)", () => {
  it("adds up servers, keeps the last search line, merges options", () => {
    const text = [
      "# nameserver 1.1.1.1",
      "; also a comment",
      "nameserver 10.0.0.1 ignored",
      "search a.example b.example.",
      "  nameserver\t10.0.0.2",
      "search c.example. . d",
      "options ndots:1 rotate",
      "options ndots:3 edns0",
      "sortlist 130.155.160.0",
      "",
    ].join("\n");
    expect(parseResolvConf(text, "f")).toEqual({
      servers: ["10.0.0.1", "10.0.0.2"],
      searches: ["c.example", "d"],
      options: ["ndots:3", "rotate", "edns0"],
    });
  });

  it("is refused when a server has no address", () => {
    expect(() => parseResolvConf("nameserver \n", "/etc/resolv.conf")).toThrow("/etc/resolv.conf has a nameserver");
  });
});
