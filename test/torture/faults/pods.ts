import { spawn } from "node:child_process";
import { once } from "node:events";
import { programOf } from "../../../dev/agent/programs.ts";
import type * as v1 from "../../../src/pod/v1.ts";
import { getOverSocket } from "../../kit/socket-api.ts";
import { Broken, type Fault, type Scene } from "../fault.ts";
import { forkBomb, glutton, KINDS, plain } from "../kinds.ts";
import { NODE, PIDS_LIMIT } from "../stage.ts";
import { appears, pidsOf } from "./runtime.ts";

async function reasonOf({ stage }: Scene, name: string): Promise<string> {
  const path = `/v1/pods/default/${name}-${NODE}`;
  const pod = await getOverSocket<v1.Pod>(stage.places.socket, path).catch(() => undefined);
  const [status] = pod?.status?.containerStatuses ?? [];
  return status?.state?.terminated?.reason ?? status?.lastState?.terminated?.reason ?? "";
}

/** Pods that harm themselves or their neighbours. */
export const POD_FAULTS: readonly Fault[] = [
  {
    name: "out of memory",
    field: "pod",
    async strike(scene) {
      const { garden, pause } = scene;
      const name = `glutton-${garden.planted}`;
      await garden.put(glutton(name), { manifest: glutton, runs: [] });
      for (let looks = 0; looks < 60 && (await reasonOf(scene, name)) !== "OOMKilled"; looks += 1) await pause(250);
      await garden.pull(name);
    },
  },
  {
    name: "fork bomb",
    field: "pod",
    async strike(scene) {
      const { garden, pause, stage } = scene;
      const name = `bomb-${garden.planted}`;
      await garden.put(forkBomb(name), { manifest: forkBomb, runs: [] });
      await appears(scene, name);
      try {
        await pause(3_000);
        const { most, unlimited } = await pidsOf(`${stage.runtime.cgroupRoot}/${NODE}`);
        if (unlimited.length > 0 || most > PIDS_LIMIT)
          throw new Broken(`fork bomb: ${most} processes; no limit: ${unlimited.join()}`);
      } finally {
        await garden.pull(name);
      }
    },
  },
  {
    name: "hanging exec, probe and hook",
    field: "pod",
    async strike(scene) {
      const { garden, pause, stage } = scene;
      const name = `stuck-${garden.planted}`;
      await garden.put(KINDS.hanging.manifest(name, 0), KINDS.hanging);
      await appears(scene, name);
      const { command, args } = programOf("berth");
      const execs = [1, 2, 3].map(() =>
        spawn(command, [...args, "exec", name, "--", "sleep", "1000"], {
          stdio: "ignore",
          env: { ...process.env, BERTH_SOCKET: stage.places.socket },
        }),
      );
      const ended = execs.map((exec) => once(exec, "exit"));
      await pause(3_000);
      // One is killed; the others end with their container.
      execs[0]?.kill("SIGKILL");
      await garden.pull(name);
      await pause(8_000);
      for (const exec of execs) exec.kill("SIGKILL");
      await Promise.all(ended);
    },
  },
  {
    name: "pod removed while it starts",
    field: "pod",
    async strike({ garden, pause, chance }) {
      for (let times = 0; times < 3; times += 1) {
        const name = `brief-${garden.planted}`;
        await garden.put(plain(name), { manifest: plain, runs: ["main"] });
        await pause(chance.below(400));
        await garden.pull(name);
      }
    },
  },
];
