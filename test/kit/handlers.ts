import type { Clock } from "../../src/base/clock.ts";
import type { Handlers, HookRequest, ProbeRequest, ProbeResult } from "../../src/ports.ts";

/** How a hook goes in a test: it takes so long and then fails with a text or succeeds. */
export type HookScript = { readonly takesMs?: number; readonly failure?: string };

/** Handlers that do as they are told. */
export type FakeHandlers = {
  readonly handlers: Handlers;
  hook(container: string, hook: HookRequest["hook"], script: HookScript): void;
  probe(answer: (request: ProbeRequest) => Promise<ProbeResult>): void;
};

/** Handlers that succeed at once. */
export function makeFakeHandlers(clock: Clock, onRun: (line: string) => void = () => {}): FakeHandlers {
  const scripts = new Map<string, HookScript>();
  let answer: (request: ProbeRequest) => Promise<ProbeResult> = async () => ({ kind: "success", output: "" });
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
      runProbe: (request) => answer(request),
    },
    hook: (container, hook, script) => void scripts.set(`${container}/${hook}`, script),
    probe(next) {
      answer = next;
    },
  };
}
