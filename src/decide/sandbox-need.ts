import type { Picture } from "../pod/plan.ts";

/** Whether the pod needs a sandbox (table 3.3). */
export type SandboxNeed =
  | { readonly kind: "none" }
  | { readonly kind: "first" }
  | { readonly kind: "again"; readonly why: "many" | "notReady" | "networkMode" | "noAddress" };

/** What table 3.3 asks for. Addresses that are not known yet are no reason for anything. */
export function sandboxNeed({ desired, observed }: Picture): SandboxNeed {
  const [newest] = observed.sandboxes;
  if (newest === undefined) return { kind: "first" };
  if (observed.sandboxes.filter(({ state }) => state === "ready").length > 1) return { kind: "again", why: "many" };
  if (newest.state !== "ready") return { kind: "again", why: "notReady" };
  if (newest.hostNetwork !== undefined && newest.hostNetwork !== desired.hostNetwork) {
    return { kind: "again", why: "networkMode" };
  }
  if (!desired.hostNetwork && newest.ips?.length === 0) return { kind: "again", why: "noAddress" };
  return { kind: "none" };
}
