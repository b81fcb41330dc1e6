import { BerthError } from "../base/errors.ts";
import type { ResolvConf } from "../pod/node.ts";

/** Reads a resolver file (cri-mapping 1.3). Throws ConfigInvalid for a nameserver line without an address. */
export function parseResolvConf(text: string, path: string): ResolvConf {
  const servers: string[] = [];
  let searches: readonly string[] = [];
  // Keyed by the name before the colon: a later value takes the place of an earlier one.
  const options = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [keyword, ...values] = line.trim().split(/\s+/);
    switch (keyword) {
      case "nameserver": {
        const [server] = values;
        if (server === undefined) throw new BerthError("ConfigInvalid", `${path} has a nameserver without an address`);
        servers.push(server);
        break;
      }
      case "search":
        searches = values.filter((value) => value !== ".").map((value) => value.replace(/\.$/, ""));
        break;
      case "options":
        for (const value of values) options.set(value.split(":", 1)[0] ?? value, value);
        break;
    }
  }
  return { servers, searches, options: [...options.values()] };
}
