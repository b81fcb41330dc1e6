/**
 * A stopwatch of this process's own processor time, in milliseconds: what a bound on work is measured with, since a busy
 * machine makes everything late and nothing more work.
 */
export function startCpuTime(): () => number {
  const begin = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(begin);
    return (user + system) / 1000;
  };
}
