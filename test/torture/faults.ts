import type { Fault } from "./fault.ts";
import { AGENT_FAULTS } from "./faults/agent.ts";
import { DIRECTORY_FAULTS } from "./faults/directory.ts";
import { DISK_FAULTS } from "./faults/disks.ts";
import { POD_FAULTS } from "./faults/pods.ts";
import { RUNC_FAULTS } from "./faults/runc.ts";
import { RUNTIME_FAULTS } from "./faults/runtime.ts";

const ALL: readonly Fault[] = [
  ...AGENT_FAULTS,
  ...RUNTIME_FAULTS,
  ...POD_FAULTS,
  ...DISK_FAULTS,
  ...RUNC_FAULTS,
  ...DIRECTORY_FAULTS,
];

/** All kinds of trouble; FAULTS in the environment, a regular expression, leaves those whose names it matches. */
export const FAULTS: readonly Fault[] = ALL.filter(({ name }) => new RegExp(process.env.FAULTS ?? "").test(name));
