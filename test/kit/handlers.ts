import type { Clock } from "../../src/base/clock.ts";
import type { Handlers, HookRequest, ProbeRequest, ProbeResult } from "../../src/ports.ts";

/** How a hook goes in a test: it takes so long and then fails with a text or succeeds. */
export type HookScript = { readonly takesMs?: number; readonly failure?: string };

/** How attempts of a probe go: at once, after a while, or never. */
export type ProbeScript = ProbeResult & { readonly takesMs?: number; readonly hangs?: boolean };

/** Handlers that do as they are told. */
export type FakeHandlers = {
  readonly handlers: Handlers;
  hook(container: string, hook: HookRequest["hook"], script: HookScript): void;
  /** From now on; told for each attempt what it is to be. */
  probe(container: string, probe: ProbeRequest["probe"], script: ProbeScript): void;
  /** All hooks and probes succeed at once again. */
  calm(): void;
};

/** Handlers that succeed at once. */
export function makeFakeHandlers(
  clock: Clock,
  onRun: (line: string) => void = () => {},
  onProbe: (line: string) => void = () => {},
): FakeHandlers {
  const scripts = new Map<string, HookScript>();
  const probes = new Map<string, ProbeScript>();
  return {
    handlers: {
      async runHook({ pod, container, hook }, signal) {
        onRun(`${hook} ${pod.name}/${container.name}`);
        const script = scripts.get(`${container.name}/${hook}`) ?? {};
        const end = await clock.sleep(script.takesMs ?? 1, signal);
        if (end === "aborted") {
          onRun(`${hook} ${pod.name}/${container.name} -> cancelled`);
          throw signal.reason;
        }
        return script.failure ?? "";
      },
      async runProbe({ pod, container, probe, command, podIp }, signal) {
        const script = probes.get(`${container.name}/${probe}`) ?? { kind: "success", output: "" };
        const where =
          command === undefined
            ? `${pod.name}/${container.name}`
            : `${pod.name}/${container.name} $ ${command.join(" ")}`;
        const timeoutMs = (container.spec[`${probe}Probe`]?.timeoutSeconds ?? 1) * 1000;
        const isExec = command !== undefined;
        if (!isExec && podIp === "" && !pod.hostNetwork) throw new Error("a probe without an address");
        const takesMs = script.hangs ? (isExec ? timeoutMs : 3_600_000) : (script.takesMs ?? 1);
        const end = await clock.sleep(takesMs, signal);
        const result: ProbeResult =
          end === "aborted" || script.hangs
            ? { kind: "failure", output: "the probe's time is over" }
            : { kind: script.kind, output: script.output };
        onProbe(`${probe} ${where} -> ${result.kind}`);
        return result;
      },
    },
    hook: (container, hook, script) => void scripts.set(`${container}/${hook}`, script),
    probe: (container, probe, script) => void probes.set(`${container}/${probe}`, script),
    calm() {
      scripts.clear();
      probes.clear();
    },
  };
}
