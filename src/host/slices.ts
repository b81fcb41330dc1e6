import type { SliceProperty, Slices } from "../pod/cgroup.ts";
import { ask } from "./children.ts";

const MANAGER = ["org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"] as const;
const ACCOUNTING = ["CPUAccounting", "MemoryAccounting", "IOAccounting", "TasksAccounting"];

/**
 * Slices by systemd's own interface, each call a run of busctl(1): Node.js speaks no D-Bus. A slice is a transient unit
 * (cri-mapping 3.2); one that is there already, by an earlier agent or because something runs below it, is only changed.
 */
export function systemdSlices(busctl = "busctl"): Slices {
  const call = (signal: AbortSignal, method: string, signature: string, ...args: string[]): Promise<string> =>
    // After `--` the name of the root slice, which begins with a dash, is no option.
    ask(busctl, ["--system", "--quiet", "--", "call", ...MANAGER, method, signature, ...args], signal);
  return {
    async ensure(name, parent, properties, signal) {
      const numbers = properties.flatMap(written);
      const accounting = ACCOUNTING.flatMap((property) => [property, "b", "true"]);
      const unit = [
        ...[
          "Description",
          "s",
          `pods of Berth: ${name}`,
          "Wants",
          "as",
          "1",
          parent,
          "DefaultDependencies",
          "b",
          "false",
        ],
        ...[...accounting, ...numbers],
      ];
      const count = 3 + ACCOUNTING.length + properties.length;
      try {
        await call(signal, "StartTransientUnit", "ssa(sv)a(sa(sv))", name, "replace", `${count}`, ...unit, "0");
      } catch (error) {
        if (!(error instanceof Error) || !IS_THERE.test(error.message)) throw error;
        await call(signal, "SetUnitProperties", "sba(sv)", name, "true", `${properties.length}`, ...numbers);
      }
    },
    async stop(name, signal) {
      try {
        await call(signal, "StopUnit", "ss", name, "replace");
      } catch (error) {
        if (!(error instanceof Error) || !IS_ABSENT.test(error.message)) throw error;
      }
    },
  };
}

const written = ({ name, value }: SliceProperty): string[] => [name, "t", `${value}`];

/** As systemd says it, in the language that children are run in. */
const IS_THERE = /already (exists|loaded)|has a fragment file/;
const IS_ABSENT = /not loaded/;
