import type { DesiredPod } from "./desired.ts";

/** What a pod is called inside, or why it cannot be called so. */
export type PodHostName =
  | { readonly kind: "named"; readonly host: string /** Empty: none. */; readonly domain: string }
  | { readonly kind: "invalid"; readonly problem: string };

const LONGEST_LABEL = 63;
const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Short host name and domain of a pod, as its hosts file and its sandbox have them (cri-mapping 1.2). */
export function podHostName(pod: DesiredPod, clusterDomain: string): PodHostName {
  const { hostname, hostnameOverride, subdomain } = pod.spec;
  if (hostnameOverride !== undefined && hostnameOverride !== "") {
    if (!SUBDOMAIN.test(hostnameOverride)) return invalid(`hostnameOverride "${hostnameOverride}" is not a DNS name`);
    return named(hostnameOverride, "");
  }
  if (hostname && !LABEL.test(hostname)) return invalid(`hostname "${hostname}" is not a DNS label`);
  if (subdomain && !LABEL.test(subdomain)) return invalid(`subdomain "${subdomain}" is not a DNS label`);
  // Outside of a cluster nothing follows: a name that ends in a dot would be in the way of all who compare it.
  const domain = clusterDomain === "" ? "svc" : `svc.${clusterDomain}`;
  return named(hostname || pod.name, subdomain ? `${subdomain}.${pod.namespace}.${domain}` : "");
}

function named(wish: string, domain: string): PodHostName {
  const host = wish.length > LONGEST_LABEL ? wish.slice(0, LONGEST_LABEL).replace(/[-.]+$/, "") : wish;
  return host === "" ? invalid(`nothing is left of the host name "${wish}"`) : { kind: "named", host, domain };
}

const invalid = (problem: string): PodHostName => ({ kind: "invalid", problem });
