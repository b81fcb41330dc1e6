import { expect } from "vitest";
import type { Host } from "./host.ts";

/** What a script says inside a running container, without blanks around it; a script that fails fails the test. */
export async function inside(host: Host, pod: string, script: string, container = "main"): Promise<string> {
  await host.running(pod, container);
  const finished = await host.berth("exec", pod, "-c", container, "--", "sh", "-c", script);
  expect(finished, script).toMatchObject({ code: 0 });
  return finished.stdout.trim();
}
