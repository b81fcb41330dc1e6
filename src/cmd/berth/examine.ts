import { Readable } from "node:stream";
import type { DesiredPod } from "../../pod/desired.ts";
import type * as v1 from "../../pod/v1.ts";
import { packArchive } from "../archive/oci.ts";
import { buildPauseImage } from "../archive/pause-image.ts";
import { showFinding } from "../config/finding.ts";
import { loadSettings } from "../config/load.ts";
import { askRuntime } from "../doctor/ask-runtime.ts";
import { checkCgroups } from "../doctor/check-cgroups.ts";
import { checkHost } from "../doctor/check-host.ts";
import { checkSandboxImage } from "../doctor/check-image.ts";
import { checkNetwork } from "../doctor/check-network.ts";
import { checkPorts, wantedPorts } from "../doctor/check-ports.ts";
import { checkKubelet, checkRuntime } from "../doctor/check-runtime.ts";
import { bad, type Finding, good, type Repair, warning } from "../doctor/finding.ts";
import type { Ground } from "../doctor/ground.ts";
import { type About, askAbout } from "./about.ts";
import type { Call } from "./command.ts";
import { withCompiler } from "./compiled.ts";
import { ctrOf, importArchive } from "./image.ts";
import { readDirectory } from "./manifest-directory.ts";
import { CommandFailure } from "./terminal.ts";

/** All findings about this host, with berthd or without it. */
export async function examine(call: Call): Promise<Finding[]> {
  const agent = await askAbout(call).catch((error: unknown) => {
    if (error instanceof CommandFailure) return error;
    throw error;
  });
  const about = agent instanceof CommandFailure ? undefined : agent;
  const loaded = await loadSettings(flagsOf(call), call.terminal.environment);
  const ground = await groundOf(call, loaded.settings, about);
  return [
    agentFinding(agent),
    ...configFindings(loaded.findings),
    ...checkRuntime(ground),
    ...(await checkKubelet(ground)),
    ...(await checkCgroups(ground)),
    ...(await checkNetwork(ground)),
    checkSandboxImage(ground, (name) => bringImage(call, name, ground.settings.runtimeEndpoint)),
    ...(await checkHost(ground)),
    ...(await portFindings(call, ground, about)),
  ];
}

function flagsOf(call: Call): Parameters<typeof loadSettings>[0] {
  const [configPath, configDir] = [call.value("config"), call.value("config-dir")];
  return {
    command: "run",
    assignments: [],
    ...(configPath === undefined ? {} : { configPath }),
    ...(configDir === undefined ? {} : { configDir }),
  };
}

type Settings = Awaited<ReturnType<typeof loadSettings>>["settings"];

async function groundOf(call: Call, settings: Settings, about: About | undefined): Promise<Ground> {
  const told = about?.containerRuntimeEndpoint ?? settings.containerRuntimeEndpoint;
  const runtimeEndpoint = call.value("runtime-endpoint") ?? told;
  const { signal } = call.terminal;
  return {
    settings: {
      runtimeEndpoint,
      cgroupDriver: about?.cgroupDriver ?? settings.cgroupDriver,
      rootDir: about?.rootDir ?? settings.rootDir,
      podLogsDir: settings.podLogsDir,
      staticPodPath: about?.staticPodPath ?? settings.staticPodPath,
      allowKubelet: settings.allowKubelet,
    },
    root: "",
    runtime: await askRuntime(runtimeEndpoint, "", signal),
    signal,
  };
}

function agentFinding(agent: About | CommandFailure): Finding {
  if (agent instanceof CommandFailure) {
    return warning(
      "berthd",
      agent.message,
      "systemctl enable --now berthd; when it does not stay up, read journalctl -u berthd",
    );
  }
  if (agent.drained)
    return warning("berthd", `${agent.version} runs, and the host is drained`, "let pods run again: berth uncordon");
  return good("berthd", `${agent.version} runs on node ${agent.nodeName}`);
}

function configFindings(findings: readonly Parameters<typeof showFinding>[0][]): Finding[] {
  if (findings.length === 0) return [good("configuration", "nothing is wrong with it")];
  return findings.map((finding) => {
    const say = finding.severity === "error" ? bad : warning;
    return say("configuration", showFinding(finding), "mend the file, then: berthd --check-config");
  });
}

/** Imports an image of ours under the name that the runtime wants. */
function bringImage(call: Call, name: string, endpoint: string): Repair {
  return {
    words: `import an image into containerd as ${name}: a program of a page that reaps processes and ends on SIGTERM, made here`,
    async run() {
      const archive = packArchive([buildPauseImage(name)]);
      await importArchive(await ctrOf(call), endpoint, Readable.from([archive]), call);
    },
  };
}

async function portFindings(call: Call, ground: Ground, about: About | undefined): Promise<Finding[]> {
  const { staticPodPath } = ground.settings;
  const settings = {
    nodeName: about?.nodeName ?? "node",
    unknownFields: about?.unknownFields ?? "error",
    nowMs: call.terminal.now(),
  } as const;
  const pods = await withCompiler(settings, async (compile): Promise<DesiredPod[]> => {
    const files = await readDirectory(staticPodPath, compile).catch(() => []);
    return files.flatMap(({ compiled }) =>
      compiled.documents.flatMap((each) => (each.kind === "pod" ? [each.pod] : [])),
    );
  });
  const shown = about === undefined ? { items: [] } : await call.client.get<{ items: v1.Pod[] }>("/v1/pods");
  const suffix = `-${settings.nodeName}`;
  const running = shown.items
    .filter(({ status }) => status?.phase === "Running")
    .map(({ metadata }) => `${metadata?.namespace}/${(metadata?.name ?? "").replace(suffix, "")}`);
  return checkPorts(ground, pods.flatMap(wantedPorts), running);
}
