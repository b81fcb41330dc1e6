import { parseQuantity } from "../../pod/quantity.ts";
import type * as v1 from "../../pod/v1.ts";
import { type Faults, invalid, NO_FAULTS, notSupported, required, when } from "../fault.ts";
import type { Loose } from "../loose.ts";

const ENV_FIELDS = [
  "metadata.annotations['<KEY>']",
  "metadata.labels['<KEY>']",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];
const FILE_FIELDS = [
  "metadata.annotations",
  "metadata.annotations['<KEY>']",
  "metadata.labels",
  "metadata.labels['<KEY>']",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
];
const KEYED = /^metadata\.(annotations|labels)\['.+'\]$/;
const RESOURCES = [
  "limits.cpu",
  "limits.ephemeral-storage",
  "limits.memory",
  "requests.cpu",
  "requests.ephemeral-storage",
  "requests.memory",
];
const HUGE_PAGES = /^(limits|requests)\.hugepages-[A-Za-z0-9]+$/;

/** V13: a field of the pod that a variable or a file may show. */
export function fieldRefFaults(ref: Loose<v1.ObjectFieldSelector>, path: string, of: "variable" | "file"): Faults {
  const known = of === "variable" ? ENV_FIELDS : FILE_FIELDS;
  const field = ref.fieldPath ?? "";
  if (field === "") return [required(`${path}.fieldPath`)];
  return [
    ...when(!known.includes(field) && !KEYED.test(field), () => notSupported(`${path}.fieldPath`, field, known)),
    ...when((ref.apiVersion ?? "v1") !== "v1", () => notSupported(`${path}.apiVersion`, ref.apiVersion ?? "", ["v1"])),
  ];
}

/** V14: a limit or request of a container; in a volume the container has to be named. */
export function resourceRefFaults(
  ref: Loose<v1.ResourceFieldSelector>,
  path: string,
  containers: readonly (string | undefined)[] | undefined,
): Faults {
  const resource = ref.resource ?? "";
  const named = containers?.includes(ref.containerName) ?? true;
  return [
    ...(resource === "" ? [required(`${path}.resource`)] : NO_FAULTS),
    ...when(containers !== undefined && !ref.containerName, () => required(`${path}.containerName`)),
    ...when(!named && Boolean(ref.containerName), () =>
      invalid(`${path}.containerName`, ref.containerName ?? "", "must be the name of a container of the pod"),
    ),
    ...when(resource !== "" && !RESOURCES.includes(resource) && !HUGE_PAGES.test(resource), () =>
      notSupported(`${path}.resource`, resource, RESOURCES),
    ),
    ...divisorFaults(resource, ref.divisor, `${path}.divisor`),
  ];
}

const CPU_DIVISORS = ["1m", "1"];
const SIZE_DIVISORS = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

function divisorFaults(resource: string, divisor: v1.Quantity | undefined, path: string): Faults {
  const size = parseQuantity(divisor ?? "0");
  if (size === undefined || size.nanos === 0n) return NO_FAULTS;
  const known = resource.endsWith(".cpu") ? CPU_DIVISORS : SIZE_DIVISORS;
  const fits = known.some((text) => parseQuantity(text)?.nanos === size.nanos);
  return when(!fits, () => notSupported(path, String(divisor), known));
}
