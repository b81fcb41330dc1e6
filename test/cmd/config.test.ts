import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { showFinding } from "../../src/cmd/config/finding.ts";
import { type ReadFlags, readFlags } from "../../src/cmd/config/flags.ts";
import { helpPage } from "../../src/cmd/config/help.ts";
import { type Loaded, loadSettings } from "../../src/cmd/config/load.ts";
import { MEANINGLESS } from "../../src/cmd/config/meaningless.ts";
import { printSettings } from "../../src/cmd/config/print.ts";
import { ALL_ROWS, DOCUMENTS, defaultSettings } from "../../src/cmd/config/settings.ts";
import { HARD_THRESHOLDS } from "../../src/cmd/config/thresholds.ts";
import { pressureLimits } from "../../src/cmd/node-settings.ts";
import { parseDurationMs } from "../../src/pod/parse-duration.ts";

const KUBELET = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n";
const AGENT = "apiVersion: berth.dev/v1alpha1\nkind: AgentConfiguration\n";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "berth-config-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Loads files by name: `config.yaml` and drop-ins below `config.d`. */
async function load(
  files: Record<string, string>,
  args: readonly string[] = [],
  environment: Record<string, string> = {},
): Promise<Loaded> {
  for (const [name, content] of Object.entries({ "config.d/.keep": "", ...files })) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), content);
  }
  const where = [
    "--config-dir",
    join(dir, "config.d"),
    ...("config.yaml" in files ? ["--config", join(dir, "config.yaml")] : []),
  ];
  return loadSettings(flags([...where, ...args]), environment);
}

function flags(args: readonly string[]): ReadFlags {
  const read = readFlags(args);
  if ("complaint" in read) throw new Error(read.complaint);
  return read;
}

const said = (loaded: Loaded): string[] =>
  loaded.findings.map((finding) => showFinding(finding).replace(`${dir}/`, ""));

describe("the table", () => {
  it("has defaults that its own kinds accept", () => {
    for (const { row } of ALL_ROWS) {
      if (row.default === undefined) continue;
      expect(row.kind.read(row.kind.show(row.default))).toEqual({ ok: true, value: row.default });
    }
  });

  it("names no flag and no key twice", () => {
    const names = ALL_ROWS.flatMap(({ key, row }) => [key, ...(row.flag === undefined ? [] : [`--${row.flag}`])]);
    expect(new Set(names).size).toBe(names.length);
    expect(Object.keys(MEANINGLESS).filter((key) => key in DOCUMENTS.KubeletConfiguration.rows)).toEqual([]);
  });

  it("has every flag on the help page", () => {
    const page = helpPage();
    for (const { row } of ALL_ROWS) if (row.flag !== undefined) expect(page).toContain(`--${row.flag}`);
  });
});

describe("precedence", () => {
  it("lets drop-ins win over the file, the environment over both, flags over all", async () => {
    const files = {
      "config.yaml": `${KUBELET}maxPods: 1\npodPidsLimit: 1\nclusterDomain: a\ncontainerRuntimeEndpoint: unix:///a\n`,
      "config.d/10.conf": `${KUBELET}maxPods: 2\npodPidsLimit: 2\ncontainerRuntimeEndpoint: unix:///b\n`,
      "config.d/20/x.conf": `${KUBELET}maxPods: 3\n`,
      "config.d/ignored.yaml": `${KUBELET}maxPods: 99\n`,
    };
    const loaded = await load(files, ["--max-pods=4"], { CONTAINER_RUNTIME_ENDPOINT: "/run/c.sock" });
    expect(said(loaded)).toEqual([]);
    expect(loaded.settings).toMatchObject({
      maxPods: 4,
      podPidsLimit: 2,
      clusterDomain: "a",
      containerRuntimeEndpoint: "unix:///run/c.sock",
      fileCheckFrequency: 20_000,
    });
  });

  it("merges maps, replaces lists, takes back with null", async () => {
    const loaded = await load({
      "config.yaml": `${KUBELET}clusterDNS: [10.0.0.1, 10.0.0.2]\nmaxPods: 7\nresolvConf: /x\n---\n${AGENT}nodeLabels: { a: "1", b: "2" }\n`,
      "config.d/a.conf": `${KUBELET}clusterDNS: [10.0.0.3]\nmaxPods: null\n---\n${AGENT}nodeLabels: { b: null, c: "3" }\n`,
    });
    expect(said(loaded)).toEqual([]);
    expect(loaded.settings).toMatchObject({
      clusterDNS: ["10.0.0.3"],
      maxPods: 250,
      nodeLabels: { a: "1", c: "3" },
      resolvConf: "/x",
    });
  });

  it("fills defaults in last, so that a drop-in meets only what somebody wrote (node.md 8.1, trap 1)", async () => {
    const loaded = await load({
      "config.yaml": `${KUBELET}maxPods: 1\n`,
      "config.d/a.conf": `${KUBELET}maxParallelImagePulls: 3\n`,
    });
    expect(said(loaded)).toEqual([]);
    expect(loaded.settings.maxParallelImagePulls).toBe(3);
  });

  it("reads paths relative to the file that names them", async () => {
    const loaded = await load({ "config.yaml": `${KUBELET}staticPodPath: pods\n` });
    expect(loaded.settings.staticPodPath).toBe(join(dir, "pods"));
  });
});

describe("what is wrong", () => {
  const cases: [name: string, document: string, message: string][] = [
    [
      "an unknown field",
      `${KUBELET}maxPod: 3\n`,
      "config.yaml:3:1: error: KubeletConfiguration has no field maxPod; did you mean maxPods?",
    ],
    [
      "a field that every object of JavaScript has",
      `${KUBELET}constructor: 3\n`,
      "config.yaml:3:1: error: KubeletConfiguration has no field constructor",
    ],
    [
      "an unknown field below",
      `${KUBELET}authentication:\n  anonimous: {}\n`,
      "config.yaml:4:3: error: KubeletConfiguration has no field authentication.anonimous; did you mean authentication.anonymous?",
    ],
    [
      "a field of the other document",
      `${KUBELET}unknownFields: warn\n`,
      "config.yaml:3:1: error: unknownFields is a field of AgentConfiguration, not of KubeletConfiguration",
    ],
    [
      "a field without a meaning",
      `${KUBELET}cpuManagerPolicy: static\n`,
      "config.yaml:3:1: warning: cpuManagerPolicy has no effect in Berth: Berth pins no CPUs",
    ],
    [
      "a value of the wrong type",
      `${KUBELET}fileCheckFrequency: 20\n`,
      "config.yaml:3:21: error: fileCheckFrequency is 20, expected a duration of at least 1s with its unit, such as 30s, 1m30s or 250ms",
    ],
    ["a duplicate field", `${KUBELET}maxPods: 1\nmaxPods: 2\n`, "config.yaml:4:1: error: Map keys must be unique"],
    [
      "another kind",
      "apiVersion: v1\nkind: Pod\n",
      'config.yaml:2:7: error: kind is "Pod", expected KubeletConfiguration or AgentConfiguration',
    ],
    [
      "another version",
      "apiVersion: v1\nkind: AgentConfiguration\n",
      'config.yaml:1:13: error: apiVersion of a AgentConfiguration is berth.dev/v1alpha1, not "v1"',
    ],
    ["a list", "- 1\n", "config.yaml:1:1: error: not a mapping of fields"],
    ["an alias of nothing", `${KUBELET}maxPods: *x\n`, "config.yaml:3:1: error: there is no anchor x"],
    [
      "an alias of nothing in a list",
      `${KUBELET}clusterDNS: [*x]\n`,
      "config.yaml:3:1: error: clusterDNS cannot be read: Unresolved alias (the anchor must be set before the alias): x",
    ],
    [
      "a value that holds itself",
      `${AGENT}nodeLabels: &a { x: *a }\n`,
      "config.yaml:3:1: error: nodeLabels cannot be read: it holds itself",
    ],
    [
      "settings that contradict one another",
      `${KUBELET}serializeImagePulls: true\nmaxParallelImagePulls: 3\n`,
      "config.yaml:4:1: error: maxParallelImagePulls above 1 needs serializeImagePulls: false",
    ],
    [
      "a certificate without its key",
      `${KUBELET}authorization: {mode: AlwaysAllow}\nauthentication: {webhook: {enabled: false}}\ntlsCertFile: /a.crt\n`,
      "config.yaml:5:1: error: tlsCertFile and tlsPrivateKeyFile need each other",
    ],
  ];
  it("an unchanged status is told as often as it is worked out, where only that is set (node.md 2.4)", async () => {
    const told = async (document: string) => (await load({ "config.yaml": `${KUBELET}${document}` })).settings;
    expect(await told("")).toMatchObject({ nodeStatusUpdateFrequency: 10_000, nodeStatusReportFrequency: 300_000 });
    expect(await told("nodeStatusUpdateFrequency: 10s\n")).toMatchObject({ nodeStatusReportFrequency: 10_000 });
    const both = "nodeStatusUpdateFrequency: 20s\nnodeStatusReportFrequency: 1m\n";
    expect(await told(both)).toMatchObject({
      nodeStatusUpdateFrequency: 20_000,
      nodeStatusReportFrequency: 60_000,
    });
  });

  it("a cloud's controller is there or not: --cloud-provider knows no clouds by name (node.md 8.3)", async () => {
    const flag = async (word: string) => load({}, [`--cloud-provider=${word}`]);
    expect((await flag("external")).settings).toMatchObject({ cloudProvider: "external" });
    expect((await flag("")).settings).toMatchObject({ cloudProvider: "" });
    await expect(flag("aws")).rejects.toThrow('--cloud-provider is "aws", expected "", external');
    expect(said(await load({ "config.yaml": `${AGENT}cloudProvider: 3\n` }))).toEqual([
      'config.yaml:3:16: error: cloudProvider is 3, expected "", external',
    ]);
  });

  it("labels that an API server refuses are found before it is asked (node.md 1.5)", async () => {
    const allowed = "{disk: ssd, example.org/a: b, node.kubernetes.io/pool: x, topology.kubernetes.io/zone: z}";
    const forbidden =
      "{disk: ssd, node-role.kubernetes.io/worker: '', node-restriction.kubernetes.io/a: b, x.k8s.io/c: d}";
    const document = (labels: string, more = "") => ({ "config.yaml": `${AGENT}${more}nodeLabels: ${labels}\n` });
    const joined = "kubeconfig: /k\n";
    expect(said(await load(document("{a b: c}")))).toEqual([expect.stringContaining("nodeLabels: a b=c: name part")]);
    expect(said(await load(document("{a: -c}")))).toEqual([expect.stringContaining("nodeLabels: a=-c: a valid label")]);
    expect(said(await load(document(allowed, joined)))).toEqual([]);
    expect(said(await load(document(forbidden)))).toEqual([]);
    expect(said(await load(document(forbidden, joined)))).toEqual([
      expect.stringMatching(/worker, node-restriction.kubernetes.io\/a, x.k8s.io\/c; an administrator may$/),
    ]);
  });

  it.each(cases)("%s", async (_name, document, message) => {
    expect(said(await load({ "config.yaml": document }))).toEqual([message]);
  });

  it("the node's own API without a cluster cannot ask one", async () => {
    const found = await load({ "config.yaml": `${KUBELET}tlsCertFile: /a.crt\ntlsPrivateKeyFile: /a.key\n` });
    expect(found.findings.map(({ severity }) => severity)).toEqual(["error", "error"]);
    expect(said(found).join("\n")).toMatch(
      /authentication.webhook.enabled: false[\s\S]*authorization.mode: AlwaysAllow/,
    );
  });

  it.each(["/", "unix:///", "run/c.sock"])("an endpoint that names no socket is an error: %s", async (endpoint) => {
    const { findings } = await load({ "config.yaml": `${KUBELET}containerRuntimeEndpoint: ${endpoint}\n` });
    expect(findings.map(showFinding)).toEqual([expect.stringContaining("expected a unix socket")]);
  });

  it("a file that was asked for and is missing is an error, the usual one may be missing", async () => {
    const gone = await loadSettings(flags(["--config", join(dir, "none.yaml"), "--config-dir", dir]), {});
    expect(gone.findings.map(({ severity }) => severity)).toEqual(["error"]);
    expect(said(await load({}))).toEqual([]);
  });

  it("lists in lists without end are an error with a place", async () => {
    const [first] = said(await load({ "config.yaml": "[".repeat(50_000) }));
    expect(first).toMatch(/^config.yaml:1:\d+: error: it is nested too deeply$/);
  });

  it("an alias bomb is an error, not a crash", async () => {
    const bomb = `${KUBELET}evictionHard: &a { x: y }\nevictionSoft: [${"*a,".repeat(10)}]\n`;
    expect(said(await load({ "config.yaml": bomb })).join()).toContain("evictionSoft is");
  });
});

describe("the command line", () => {
  const complaints: [args: string[], complaint: string][] = [
    [["--max-pod=3"], "unknown flag --max-pod; did you mean --max-pods?"],
    [["--toString"], "unknown flag --toString"],
    [["--network-plugin=cni"], "unknown flag --network-plugin: the container runtime does the network"],
    [["--max-pods"], "--max-pods needs a value"],
    [["--max-pods", "many"], '--max-pods is "many", expected 1 to 10000'],
    [["run"], 'unexpected argument "run"'],
  ];
  it.each(complaints)("%j is refused", (args, complaint) => {
    expect(readFlags(args)).toEqual({ complaint });
  });

  it("takes values with a sign or a blank, booleans with or without a value, and -v", async () => {
    const { settings } = await load({}, [
      "--root-dir",
      "/r",
      "--seccomp-default",
      "--fail-swap-on=false",
      "-v=4",
      "--node-labels=a=b,c=d",
    ]);
    expect(settings).toMatchObject({
      rootDir: "/r",
      seccompDefault: true,
      failSwapOn: false,
      "logging.verbosity": 4,
      nodeLabels: { a: "b", c: "d" },
    });
  });
});

it("--print-config gives a file that reads back as the same settings", async () => {
  const first = await load({}, ["--max-pods=9", "--node-labels=a=b", "--register-with-taints=k=v:NoSchedule"]);
  const again = await load({ "config.yaml": printSettings(first.settings) });
  expect(again.settings).toEqual(first.settings);
  expect(printSettings(defaultSettings())).toContain("fileCheckFrequency: 20s");
});

it("durations are Go's", () => {
  expect(["1m30s", "250ms", "0", "1.5h", "-3s", "5", "1 s"].map(parseDurationMs)).toEqual([
    90_000,
    250,
    0,
    5_400_000,
    -3000,
    undefined,
    undefined,
  ]);
});

describe("thresholds of the host (node.md 5.1)", () => {
  const limitsOf = async (text: string) => {
    const loaded = await load({ "config.yaml": `${KUBELET}${text}` });
    return { said: said(loaded), ...pressureLimits(loaded.settings) };
  };

  it("there are the usual ones, and what is set takes the place of all of them", async () => {
    const usual = await limitsOf("");
    const [first = "", ...others] = Object.keys(HARD_THRESHOLDS);
    expect(usual.thresholds.map(({ signal }) => signal)).toEqual([first, "allocatableMemory.available", ...others]);
    const own = await limitsOf("evictionHard: { imagefs.available: 1Ki }\n");
    expect(own.thresholds).toEqual([{ signal: "imagefs.available", amount: { kind: "units", value: 1024 } }]);
    const merged = await limitsOf("evictionHard: { imagefs.available: 0% }\nmergeDefaultEvictionSettings: true\n");
    expect(merged.thresholds).toHaveLength(5);
    expect((await limitsOf("evictionHard: {}\n")).thresholds).toEqual([]);
  });

  it("the pods' own memory has the hard threshold of the host's, where it is limited", async () => {
    const hard = "evictionHard: { memory.available: 200Mi }\nevictionMinimumReclaim: { memory.available: 1Ki }\n";
    const amounts = { amount: { kind: "units", value: 209_715_200 }, minReclaim: { kind: "units", value: 1024 } };
    const ofHost = { signal: "memory.available", ...amounts };
    expect((await limitsOf(hard)).thresholds).toEqual([ofHost, { ...ofHost, signal: "allocatableMemory.available" }]);
    expect((await limitsOf(`${hard}cgroupsPerQOS: false\n`)).thresholds).toEqual([ofHost]);
    const soft = "evictionHard: {}\nevictionSoft: { memory.available: 1Gi }\n";
    const grace = "evictionSoftGracePeriod: { memory.available: 90s }\n";
    expect((await limitsOf(soft + grace)).thresholds).toHaveLength(1);
    const named = await limitsOf("evictionHard: { allocatableMemory.available: 1Gi }\n");
    expect(named.said.join()).toContain("evictionHard knows memory.available, nodefs.available");
  });

  it("a soft one has its grace, and what is to be reclaimed beyond it", async () => {
    const soft = "evictionHard: {}\nevictionSoft: { nodefs.available: 20% }\n";
    const more =
      "evictionSoftGracePeriod: { nodefs.available: 90s }\nevictionMinimumReclaim: { nodefs.available: 1Ki }\n";
    const { thresholds } = await limitsOf(soft + more);
    const amounts = { amount: { kind: "percent", value: 20 }, minReclaim: { kind: "units", value: 1024 } };
    expect(thresholds).toEqual([{ signal: "nodefs.available", graceMs: 90_000, ...amounts }]);
    expect((await limitsOf(soft)).said.join()).toContain(
      "evictionSoft of nodefs.available needs its evictionSoftGracePeriod",
    );
  });

  it.each([
    ["evictionHard: { memory.free: 1Mi }", "evictionHard knows memory.available"],
    ["evictionHard: { memory.available: much }", "must be a quantity or a percentage, not much"],
    ["evictionMinimumReclaim: { memory.available: 120% }", "must be a quantity or a percentage, not 120%"],
  ])("%s is refused", async (text, words) => {
    expect((await limitsOf(`${text}\n`)).said.join()).toContain(words);
  });
});
