import { join } from "node:path";
import type { Draft } from "../base/protobuf.ts";
import type { DesiredContainer, DesiredPod } from "../pod/desired.ts";
import type * as v1 from "../pod/v1.ts";
import { ProfileType, type SecurityProfile } from "./generated/types.ts";
import { ANNOTATION } from "./names.ts";
import { cannotBeMade, type Surroundings } from "./surroundings.ts";

/** The seccomp profile of a container: its own, else the pod's, else the node's (cri-mapping 2.6). Throws ContainerConfigInvalid. */
export function seccompProfile(
  pod: DesiredPod,
  container: DesiredContainer,
  { settings }: Surroundings,
): Draft<SecurityProfile> {
  const wish = container.spec.securityContext?.seccompProfile ?? pod.spec.securityContext?.seccompProfile;
  const fallback = settings.seccompDefault ? "RuntimeDefault" : "Unconfined";
  switch (wish?.type ?? fallback) {
    case "RuntimeDefault":
      return { profile_type: ProfileType.RuntimeDefault };
    case "Localhost":
      if (!wish?.localhostProfile) throw cannotBeMade(pod, `seccomp of container ${container.name} names no profile`);
      return {
        profile_type: ProfileType.Localhost,
        localhost_ref: join(settings.rootDir, "seccomp", wish.localhostProfile),
      };
    default:
      return { profile_type: ProfileType.Unconfined };
  }
}

/** A profile in both of the forms that runtimes read. */
export type AppArmorProfile = { readonly apparmor: Draft<SecurityProfile>; readonly apparmor_profile: string };

/**
 * The AppArmor profile of a container: its own, else that of the annotation, else the pod's, else none (cri-mapping 2.6).
 * Throws ContainerConfigInvalid.
 */
export function appArmorProfile(pod: DesiredPod, container: DesiredContainer): AppArmorProfile | undefined {
  const wish =
    container.spec.securityContext?.appArmorProfile ??
    annotatedProfile(pod.annotations[`${ANNOTATION.appArmor}${container.name}`]) ??
    pod.spec.securityContext?.appArmorProfile;
  switch (wish?.type) {
    case "RuntimeDefault":
      return { apparmor: { profile_type: ProfileType.RuntimeDefault }, apparmor_profile: "runtime/default" };
    case "Unconfined":
      return { apparmor: { profile_type: ProfileType.Unconfined }, apparmor_profile: "unconfined" };
    case "Localhost": {
      const name = wish.localhostProfile;
      if (!name) throw cannotBeMade(pod, `AppArmor of container ${container.name} names no profile`);
      const apparmor = { profile_type: ProfileType.Localhost, localhost_ref: name };
      return { apparmor, apparmor_profile: `localhost/${name}` };
    }
    default:
      return undefined;
  }
}

const LOCALHOST = "localhost/";

function annotatedProfile(written: string | undefined): v1.AppArmorProfile | undefined {
  if (written === "runtime/default") return { type: "RuntimeDefault" };
  if (written === "unconfined") return { type: "Unconfined" };
  if (!written?.startsWith(LOCALHOST)) return undefined;
  return { type: "Localhost", localhostProfile: written.slice(LOCALHOST.length) };
}
