/** Whether a resource is one that the administrators of a node name (`nvidia.com/gpu`), and neither Kubernetes nor a quota does. */
export const isExtendedResource = (name: string): boolean =>
  name.includes("/") && !name.includes("kubernetes.io/") && !name.startsWith("requests.");
