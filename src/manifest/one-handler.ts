import type * as v1 from "../pod/v1.ts";
import { type Fault, type Faults, NO_FAULTS } from "./fault.ts";
import type { Loose } from "./loose.ts";
import { HANDLER_KINDS } from "./validate/handlers.ts";

/** A spec whose probes and hooks have one handler each, with a warning for each of the others (D10). */
export function withOneHandler(spec: Loose<v1.PodSpec>, path: string): { spec: Loose<v1.PodSpec>; faults: Faults } {
  const faults: Fault[] = [];
  const each = (list: Loose<v1.Container>[] | undefined, at: string): Loose<v1.Container>[] | undefined =>
    list?.map((container, index) => {
      const kept = keepFirst(container, `${at}[${index}]`);
      faults.push(...kept.faults);
      return kept.container;
    });
  const containers = each(spec.containers, `${path}.containers`);
  const initContainers = each(spec.initContainers, `${path}.initContainers`);
  if (faults.length === 0) return { spec, faults };
  return { spec: { ...spec, ...(containers && { containers }), ...(initContainers && { initContainers }) }, faults };
}

function keepFirst(container: Loose<v1.Container>, path: string): { container: Loose<v1.Container>; faults: Faults } {
  const changed = { ...container };
  const faults: Fault[] = [];
  for (const kind of ["livenessProbe", "readinessProbe", "startupProbe"] as const) {
    const probe = container[kind];
    if (probe === undefined) continue;
    const first = firstHandler(probe, `${path}.${kind}`);
    changed[kind] = first.handler;
    faults.push(...first.faults);
  }
  for (const kind of ["postStart", "preStop"] as const) {
    const hook = container.lifecycle?.[kind];
    if (hook === undefined) continue;
    const first = firstHandler(hook, `${path}.lifecycle.${kind}`);
    changed.lifecycle = { ...changed.lifecycle, [kind]: first.handler };
    faults.push(...first.faults);
  }
  return { container: changed, faults };
}

function firstHandler<T extends object>(handler: T, path: string): { handler: T; faults: Faults } {
  const [first, ...rest] = HANDLER_KINDS.filter((kind) => Reflect.get(handler, kind) !== undefined);
  if (first === undefined || rest.length === 0) return { handler, faults: NO_FAULTS };
  const kept = Object.fromEntries(Object.entries(handler).filter(([name]) => !rest.some((kind) => kind === name)));
  const faults = rest.map(
    (kind): Fault => ({
      code: "HandlerIgnored",
      severity: "warning",
      path: `${path}.${kind}`,
      message: `only the first handler is used: ${first}; ${kind} is ignored`,
      advice: `remove \`${kind}\` or \`${first}\``,
    }),
  );
  return { handler: kept as T, faults };
}
