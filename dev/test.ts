// Runs tests and closes with one line `N passed, N failed, N skipped`:
//   node dev/test.ts unit        the fast tests
//   node dev/test.ts e2e         end-to-end on containerd 2.x and the smoke list on the distribution's own
//   node dev/test.ts e2e-all     end-to-end in full length on both
//   node dev/test.ts e2e-systemd the package on a booted Debian
//   node dev/test.ts e2e-cluster a node of a real control plane
//   node dev/test.ts test        unit and e2e
// What follows goes to vitest: names of files, -t and the like.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { checkout, workFolder } from "./paths.ts";
import type { RuntimeVersion } from "./runtime/places.ts";
import { newestVersion } from "./sample.ts";
import { fail, say } from "./say.ts";

/** One run of vitest. */
type Step = { readonly name: string; readonly config: string; readonly env?: Readonly<Record<string, string>> };
type Count = {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** What failed, a line each. */
  readonly failures: readonly string[];
};

const UNIT: Step = { name: "unit", config: "vitest.config.ts" };
const VERBS = ["unit", "e2e", "e2e-all", "e2e-systemd", "e2e-cluster", "test"] as const;

const [word, ...rest] = process.argv.slice(2);
const verb = VERBS.find((name) => name === word) ?? fail(`say one of ${VERBS.join(", ")}`);

const counts: Count[] = [];
for (const step of stepsOf(verb)) counts.push(await run(step));
const total = (key: "passed" | "failed" | "skipped") => counts.reduce((sum, count) => sum + count[key], 0);
for (const failure of counts.flatMap(({ failures }) => failures)) console.log(`FAILED ${failure}`);
console.log(`${total("passed")} passed, ${total("failed")} failed, ${total("skipped")} skipped`);
process.exitCode = total("failed") > 0 ? 1 : 0;

function stepsOf(wanted: (typeof VERBS)[number]): Step[] {
  switch (wanted) {
    case "unit":
      return [UNIT];
    case "e2e":
      return shortSteps();
    case "test":
      return [UNIT, ...shortSteps()];
    case "e2e-systemd":
      return [{ name: "systemd", config: "vitest.e2e.config.ts", env: { BERTH_E2E_SCOPE: "systemd" } }];
    case "e2e-cluster":
      return [{ name: "cluster", config: "vitest.e2e.config.ts", env: { BERTH_E2E_SCOPE: "cluster" } }];
    case "e2e-all":
      return newestVersion() === "2" ? [...fullSteps("2"), e2e("distro", "all")] : fullSteps("distro");
  }
}

function shortSteps(): Step[] {
  if (newestVersion() === "2") return [alone("2"), e2e("2", "test"), e2e("distro", "smoke")];
  say("containerd 2.x is not there: the whole set runs on the distribution's own");
  return [alone("distro"), e2e("distro", "test")];
}

function fullSteps(version: RuntimeVersion): Step[] {
  return [alone(version), e2e(version, "all")];
}

/** The tests that look at the whole host, and so have it for themselves. */
function alone(version: RuntimeVersion): Step {
  const env = { BERTH_E2E_RUNTIME: version, BERTH_E2E_SCOPE: "alone" };
  return { name: `host-${version}`, config: "vitest.e2e.config.ts", env };
}

function e2e(version: RuntimeVersion, scope: "test" | "all" | "smoke"): Step {
  const env = { BERTH_E2E_RUNTIME: version, BERTH_E2E_SCOPE: scope };
  return { name: `e2e-${version}-${scope}`, config: "vitest.e2e.config.ts", env };
}

/** Runs one step to its end; a vitest that fails without a failed test counts as one. */
async function run(step: Step): Promise<Count> {
  const folder = join(workFolder, "test");
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${step.name}.json`);
  await rm(file, { force: true });
  const begin = performance.now();
  say(`tests: ${step.name}`);
  const vitest = join(checkout, "node_modules/vitest/vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const args = [vitest, "run", "--passWithNoTests", "--config", step.config, ...reporters, ...rest];
  const child = spawn(process.execPath, args, {
    cwd: checkout,
    stdio: "inherit",
    env: { ...process.env, ...step.env },
  });
  const [code] = await once(child, "exit");
  const count = await readCount(file, step.name);
  say(`tests: ${step.name} took ${Math.round((performance.now() - begin) / 1000)} s`);
  if (code === 0 || count.failed > 0) return count;
  return { ...count, failed: 1, failures: [`${step.name}: vitest ended with ${String(code)}`] };
}

/** What is read of vitest's JSON report. */
type Report = {
  readonly numPassedTests?: number;
  readonly numFailedTests?: number;
  readonly numPendingTests?: number;
  readonly numTodoTests?: number;
  readonly testResults?: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
};

async function readCount(file: string, step: string): Promise<Count> {
  const report = JSON.parse(await readFile(file, "utf8").catch(() => "{}")) as Report;
  return {
    passed: report.numPassedTests ?? 0,
    failed: report.numFailedTests ?? 0,
    skipped: (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0),
    failures: failuresOf(report, step),
  };
}

/** One line for each test that failed, and for each file that failed outside of its tests. */
function failuresOf(report: Report, step: string): string[] {
  const firstLine = (text = "") => text.split("\n", 1)[0];
  return (report.testResults ?? []).flatMap(({ name, status, message, assertionResults }) => {
    const place = `${step}: ${relative(checkout, name)}`;
    const failed = assertionResults.filter((it) => it.status === "failed");
    if (failed.length === 0 && status === "failed") return [`${place}: ${firstLine(message)}`];
    return failed.map((it) => `${place}: ${it.fullName}: ${firstLine(it.failureMessages?.[0])}`);
  });
}
