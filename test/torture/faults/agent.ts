import type { Fault } from "../fault.ts";

/** The agent is killed once or several times, and comes back at once or late. */
export const AGENT_FAULTS: readonly Fault[] = [
  {
    name: "berthd killed (kill -9)",
    field: "agent",
    async strike({ stage, chance, pause }) {
      for (let times = 1 + chance.below(3); times > 0; times -= 1) {
        await pause(chance.below(2_500));
        await stage.berthd()?.kill();
        await pause(chance.pick([0, 0, 1_500]));
        await stage.start();
      }
    },
  },
  {
    name: "berthd asked to leave (SIGTERM)",
    field: "agent",
    async strike({ stage, chance, pause }) {
      await pause(chance.below(2_000));
      await stage.berthd()?.stop();
      await pause(chance.below(2_000));
      await stage.start();
    },
  },
];
