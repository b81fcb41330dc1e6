import type { DesiredPod } from "./desired.ts";

/** Namespaced, and harmless to everyone else: what any pod may set (cri-mapping 1.1). */
const SAFE: readonly string[] = [
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.ping_group_range",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_rmem",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.tcp_wmem",
];

/** With `/` as its separator, `.` and `/` change places; the first of either tells which one it is (cri-mapping 1.1). */
export function sysctlName(written: string): string {
  if (/[./]/.exec(written)?.[0] !== "/") return written;
  return written.replace(/[./]/g, (separator) => (separator === "/" ? "." : "/"));
}

/** The first sysctl that the pod may not set: neither safe nor among those that the node allows, names or patterns with `*`. */
export function forbiddenSysctl({ spec }: DesiredPod, allowed: readonly string[]): string | undefined {
  const patterns = allowed.map(sysctlName);
  const passes = (name: string): boolean =>
    SAFE.includes(name) ||
    patterns.some((one) => (one.endsWith("*") ? name.startsWith(one.slice(0, -1)) : name === one));
  return (spec.securityContext?.sysctls ?? []).find(({ name }) => !passes(sysctlName(name)))?.name;
}
