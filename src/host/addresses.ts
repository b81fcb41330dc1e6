import { BlockList, isIP, isIPv6 } from "node:net";
import { BerthError } from "../base/errors.ts";

/** What the node's addresses are chosen from (node.md 2.2). */
export type AddressFacts = {
  /** --node-ip. */
  readonly given: readonly string[];
  readonly nodeName: string;
  /** What the node's name resolves to. */
  readonly named: readonly string[];
  readonly local: readonly LocalAddress[];
};
/** An address of an interface, and the place of that interface among those with a default route. */
export type LocalAddress = { readonly address: string; readonly defaultRoute?: number };

/** Addresses that are nobody's, or not a single node's. */
const UNFIT = new BlockList();
UNFIT.addAddress("0.0.0.0");
UNFIT.addSubnet("127.0.0.0", 8);
UNFIT.addSubnet("169.254.0.0", 16);
UNFIT.addSubnet("224.0.0.0", 4);
UNFIT.addAddress("::", "ipv6");
UNFIT.addAddress("::1", "ipv6");
UNFIT.addSubnet("fe80::", 10, "ipv6");
UNFIT.addSubnet("ff00::", 8, "ipv6");

/**
 * The node's addresses, the primary one first: as given; else the name itself, what it resolves to, or an address of the
 * interface with the default route. IPv4 is preferred unless an IPv6 wildcard is given. Throws ConfigInvalid for a given
 * address that no interface has.
 */
export function chooseAddresses({ given, nodeName, named, local }: AddressFacts): readonly string[] {
  const wildcard = given.length === 1 && (given[0] === "0.0.0.0" || given[0] === "::") ? given[0] : undefined;
  if (given.length > 0 && wildcard === undefined) return checked(given, local);

  const found = [
    nodeName,
    ...named.filter((address) => isLocal(address, local)),
    ...routed(local).map(({ address }) => address),
  ].filter(isFit);
  const preferSix = wildcard === "::";
  const best = found.find((address) => isIPv6(address) === preferSix) ?? found[0];
  return best === undefined ? [] : [best];
}

function checked(given: readonly string[], local: readonly LocalAddress[]): readonly string[] {
  const families = new Set(given.map(isIP));
  if (given.length > 2 || families.size !== given.length) {
    throw invalid(`${given.join(",")} must be one address, or one of each family`);
  }
  for (const address of given) {
    if (!isFit(address)) throw invalid(`${address} is not the address of a node`);
    if (!isLocal(address, local)) throw invalid(`no interface of this host has ${address}`);
  }
  return given;
}

const routed = (local: readonly LocalAddress[]): LocalAddress[] =>
  local.filter((one) => one.defaultRoute !== undefined).sort((a, b) => (a.defaultRoute ?? 0) - (b.defaultRoute ?? 0));

const isFit = (address: string): boolean => {
  const family = isIP(address);
  return family !== 0 && !UNFIT.check(address, family === 6 ? "ipv6" : "ipv4");
};

/** By meaning, since IPv6 addresses can be written in more than one way. */
function isLocal(address: string, local: readonly LocalAddress[]): boolean {
  if (isIP(address) === 0) return false;
  const family = isIPv6(address) ? "ipv6" : "ipv4";
  const same = new BlockList();
  same.addAddress(address, family);
  return local.some((one) => isIPv6(one.address) === isIPv6(address) && same.check(one.address, family));
}

const invalid = (reason: string): BerthError => new BerthError("ConfigInvalid", `--node-ip: ${reason}`);
