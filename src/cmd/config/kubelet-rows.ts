import { KUBELET_POD_ROWS } from "./kubelet-pod-rows.ts";
import { KUBELET_RESOURCE_ROWS } from "./kubelet-resource-rows.ts";
import { KUBELET_SERVER_ROWS } from "./kubelet-server-rows.ts";

/** The fields of KubeletConfiguration that mean something to Berth, under the kubelet's names (node.md 8.2). */
export const KUBELET_ROWS = { ...KUBELET_POD_ROWS, ...KUBELET_RESOURCE_ROWS, ...KUBELET_SERVER_ROWS };
