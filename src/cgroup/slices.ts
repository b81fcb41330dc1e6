import { basename, dirname } from "node:path";
import { type CgroupLimits, type Cgroups, type SliceProperty, type Slices, weightOfShares } from "../pod/cgroup.ts";

/** What CPUQuotaPerSecUSec is counted in: a hundredth of a processor (cri-mapping 3.2). */
const QUOTA_STEP_US = 10_000;
/** No limit, to systemd. */
const INFINITY = 0xffff_ffff_ffff_ffffn;

/**
 * Pod cgroups for the systemd driver. The slices are systemd's: it is asked for them with their limits, so that they hold
 * through its reloads; then the same limits are written to the files, where systemd has no property for them or rounds
 * (cri-mapping 3.2).
 */
export function makeSliceCgroups(files: Cgroups, slices: Slices, cgroupVersion: 1 | 2): Cgroups {
  return {
    async ensure(path, limits, signal) {
      const raised = raisedQuota(limits);
      const parent = basename(dirname(path)) || ROOT_SLICE;
      await slices.ensure(basename(path), parent, propertiesOf(raised, cgroupVersion), signal);
      await files.ensure(path, raised, signal);
    },
    empty: (path, signal) => files.empty(path, signal),
    async remove(path, signal) {
      // What is left in it is killed first: systemd would give it the time of a service to end.
      await files.remove(path, signal);
      await slices.stop(basename(path), signal);
    },
    sharesBelow: (path) => files.sharesBelow(path),
    keptBelow: (path, kind) => files.keptBelow(path, kind),
  };
}

const ROOT_SLICE = "-.slice";

/** systemd counts a quota in hundredths of a processor; what is written to the files must not be less. */
function raisedQuota(limits: CgroupLimits): CgroupLimits {
  const { cpuQuotaUs, cpuPeriodUs } = limits;
  if (cpuQuotaUs === undefined) return limits;
  return { ...limits, cpuQuotaUs: Math.floor((quotaPerSecond(cpuQuotaUs, cpuPeriodUs) * cpuPeriodUs) / 1_000_000) };
}

const quotaPerSecond = (quotaUs: number, periodUs: number): number =>
  Math.ceil((quotaUs * 1_000_000) / periodUs / QUOTA_STEP_US) * QUOTA_STEP_US;

const weight = (shares: number, isTwo: boolean): SliceProperty =>
  isTwo ? { name: "CPUWeight", value: BigInt(weightOfShares(shares)) } : { name: "CPUShares", value: BigInt(shares) };

function propertiesOf(limits: CgroupLimits, cgroupVersion: 1 | 2): readonly SliceProperty[] {
  const { cpuShares, memoryMin, memoryLow, cpuQuotaUs, cpuPeriodUs, memoryBytes = 0, pids = 0 } = limits;
  const isTwo = cgroupVersion === 2;
  const quota = cpuQuotaUs === undefined ? INFINITY : BigInt(quotaPerSecond(cpuQuotaUs, cpuPeriodUs));
  return [
    ...(cpuShares === undefined ? [] : [weight(cpuShares, isTwo), { name: "CPUQuotaPerSecUSec", value: quota }]),
    ...(isTwo && memoryMin !== undefined ? [{ name: "MemoryMin", value: BigInt(memoryMin) }] : []),
    ...(isTwo && memoryLow !== undefined ? [{ name: "MemoryLow", value: BigInt(memoryLow) }] : []),
    ...(cpuQuotaUs === undefined ? [] : [{ name: "CPUQuotaPeriodUSec", value: BigInt(cpuPeriodUs) }]),
    ...(memoryBytes > 0 ? [{ name: isTwo ? "MemoryMax" : "MemoryLimit", value: BigInt(memoryBytes) }] : []),
    ...(pids > 0 ? [{ name: "TasksMax", value: BigInt(pids) }] : []),
  ];
}
