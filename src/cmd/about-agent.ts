import type { AboutAgent } from "../serve/api.ts";
import type { Settings } from "./config/settings.ts";

/** What `berth` must know of the settings that berthd works with. */
export function aboutAgent(settings: Settings, rootDir: string): AboutAgent {
  const { staticPodPath, containerRuntimeEndpoint, imageServiceEndpoint, unknownFields, cgroupDriver } = settings;
  return {
    staticPodPath,
    rootDir,
    containerRuntimeEndpoint,
    imageServiceEndpoint: imageServiceEndpoint || containerRuntimeEndpoint,
    unknownFields,
    cgroupDriver,
  };
}
