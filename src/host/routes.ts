/**
 * Interfaces with a default route, the best first: IPv4 before IPv6, then by metric. Takes the texts of /proc/net/route
 * and /proc/net/ipv6_route.
 */
export function defaultInterfaces(fourText: string, sixText: string): readonly string[] {
  const all = [
    ...byMetric(fourText.split("\n").flatMap(fourRoute)),
    ...byMetric(sixText.split("\n").flatMap(sixRoute)),
  ];
  return [...new Set(all.map((route) => route.device))];
}

type Route = { readonly device: string; readonly metric: number };

const byMetric = (routes: readonly Route[]): Route[] => [...routes].sort((a, b) => a.metric - b.metric);

/** Bits of a route's flags. */
const UP = 1;
const REJECT = 0x200;

/** Device, destination, gateway, flags, count, use, metric (decimal), mask, ... */
function fourRoute(line: string): Route[] {
  const [device = "", destination, , flags = "", , , metric = "", mask] = line.trim().split(/\s+/);
  if (destination !== "00000000" || mask !== "00000000" || !isUsable(flags)) return [];
  return [{ device, metric: Number(metric) }];
}

/** Destination, its prefix length, source, its prefix length, next hop, metric (hexadecimal), count, use, flags, device. */
function sixRoute(line: string): Route[] {
  const [destination = "", length, , , , metric = "", , , flags = "", device = ""] = line.trim().split(/\s+/);
  // The loopback device holds a default route that refuses everything.
  if (!/^0{32}$/.test(destination) || length !== "00" || device === "lo" || !isUsable(flags)) return [];
  return [{ device, metric: Number.parseInt(metric, 16) }];
}

function isUsable(flags: string): boolean {
  const bits = Number.parseInt(flags, 16);
  return (bits & UP) !== 0 && (bits & REJECT) === 0;
}
