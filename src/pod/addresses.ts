/** At most one address of each family, that of the node's primary address first: the order of podIPs and hostIPs. */
export function primaryFirst(ips: readonly string[], hostIps: readonly string[]): readonly string[] {
  const primaryIsSix = isSix(hostIps[0] ?? ips[0] ?? "");
  const first = ips.find((ip) => isSix(ip) === primaryIsSix);
  const second = ips.find((ip) => isSix(ip) !== primaryIsSix);
  return [first, second].filter((ip) => ip !== undefined);
}

const isSix = (ip: string): boolean => ip.includes(":");
