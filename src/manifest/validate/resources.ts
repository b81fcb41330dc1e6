import { compareQuantities, formatQuantity, parseQuantity, type Quantity } from "../../pod/quantity.ts";
import type * as v1 from "../../pod/v1.ts";
import { type Faults, fault, forbidden, invalid, NO_FAULTS, required, when } from "../fault.ts";
import type { Loose } from "../loose.ts";
import { checkText } from "./check.ts";
import { qualifiedName } from "./names.ts";

type Amounts = Loose<Record<string, v1.Quantity>>;

const CONTAINER_RESOURCES = ["cpu", "memory", "ephemeral-storage"];
const POD_RESOURCES = ["cpu", "memory"];
const isHugePages = (name: string): boolean => name.startsWith("hugepages-");

/** V17: names, sizes, requests within limits. Defaults are filled in. */
export function resourceFaults(
  resources: Loose<v1.ResourceRequirements>,
  path: string,
  of: "container" | "pod",
): Faults {
  const limits = resources.limits ?? {};
  const requests = resources.requests ?? {};
  const asked = Object.keys({ ...limits, ...requests });
  const plain = asked.some((name) => name === "cpu" || name === "memory");
  return [
    ...Object.entries(limits).flatMap(([name, amount]) => amountFaults(name, amount, `${path}.limits[${name}]`, of)),
    ...Object.entries(requests).flatMap(([name, amount]) =>
      amountFaults(name, amount, `${path}.requests[${name}]`, of),
    ),
    ...Object.keys(requests).flatMap((name) => requestFaults(name, requests, limits, path)),
    ...(of === "pod" ? NO_FAULTS : asked.filter(isExtended).map((name) => unprovided(name, path, name in limits))),
    ...when(asked.some(isHugePages) && !plain, () =>
      forbidden(path, "HugePages require cpu or memory", "ask for cpu or memory too"),
    ),
  ];
}

const isExtended = (name: string): boolean => name.includes("/") && qualifiedName(name).length === 0;

/** The kubelet starts such a pod without the device (node.md 4): here nothing is silently left out (D4). */
const unprovided = (name: string, path: string, isLimited: boolean): Faults[number] =>
  fault(
    `${path}.${isLimited ? "limits" : "requests"}[${name}]`,
    `Forbidden: nothing on this host provides ${name}`,
    "remove it: Berth has no device plugins; a privileged container reaches devices by hostPath",
    "FieldUnsupported",
  );

function amountFaults(name: string, amount: v1.Quantity | undefined, path: string, of: "container" | "pod"): Faults {
  const known = of === "pod" ? POD_RESOURCES : CONTAINER_RESOURCES;
  const named = known.includes(name) || isHugePages(name);
  const badName = named ? NO_FAULTS : resourceNameFaults(name, path, of);
  const quantity = parseQuantity(amount ?? "0");
  const negative = quantity !== undefined && quantity.nanos < 0n;
  return [
    ...badName,
    ...when(negative, () => invalid(path, String(amount), "must be greater than or equal to 0")),
    ...when(!named && quantity !== undefined && quantity.nanos % 1_000_000_000n !== 0n, () =>
      invalid(path, String(amount), "must be an integer"),
    ),
  ];
}

/** Beyond the standard names only extended resources exist, whose names have a domain. */
function resourceNameFaults(name: string, path: string, of: "container" | "pod"): Faults {
  if (of === "pod") return [invalid(path, name, "must be cpu, memory or hugepages-*, at the level of the pod")];
  if (!name.includes("/")) return [invalid(path, name, "must be a standard resource for containers")];
  return checkText(path, name, qualifiedName);
}

function requestFaults(name: string, requests: Amounts, limits: Amounts, path: string): Faults {
  const request = parseQuantity(requests[name] ?? "0");
  const limit = limits[name] === undefined ? undefined : parseQuantity(limits[name]);
  const standard = CONTAINER_RESOURCES.includes(name);
  if (request === undefined) return NO_FAULTS;
  if (limit === undefined) {
    return when(!standard && limits[name] === undefined, () =>
      required(`${path}.limits`, "Limit must be set for non overcommitable resources", `set limits.${name} too`),
    );
  }
  const order = compareQuantities(request, limit);
  const at = `${path}.requests[${name}]`;
  const detail = standard ? "less than or equal to" : "equal to";
  return when(standard ? order > 0 : order !== 0, () => mustBe(at, request, `must be ${detail} ${name} limit`, limit));
}

const mustBe = (path: string, request: Quantity, detail: string, limit: Quantity): Faults[number] =>
  invalid(
    path,
    formatQuantity(request),
    `${detail} of ${formatQuantity(limit)}`,
    "lower the request or raise the limit",
  );
