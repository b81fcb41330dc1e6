import { randomBytes } from "node:crypto";

/** What lets a node with a bootstrap token ask for its first certificate, and have it renewed later (node.md 1.2, 1.3). */
export function bootstrapObjects(): { readonly token: string; readonly objects: string } {
  const id = randomBytes(3).toString("hex");
  const secret = randomBytes(8).toString("hex");
  const group = (name: string) => ({ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name });
  const binding = (name: string, role: string, subject: string) => ({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
    subjects: [group(subject)],
  });
  const items = [
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: `bootstrap-token-${id}`, namespace: "kube-system" },
      type: "bootstrap.kubernetes.io/token",
      stringData: {
        "token-id": id,
        "token-secret": secret,
        "usage-bootstrap-authentication": "true",
        "usage-bootstrap-signing": "true",
      },
    },
    binding("nodes-may-ask", "system:node-bootstrapper", "system:bootstrappers"),
    binding("nodes-are-approved", NODE_CLIENT, "system:bootstrappers"),
    binding("nodes-may-renew", `${NODE_CLIENT.replace(/nodeclient$/, "selfnodeclient")}`, "system:nodes"),
  ];
  return {
    token: `${id}.${secret}`,
    objects: JSON.stringify({ apiVersion: "v1", kind: "List", items }),
  };
}

const NODE_CLIENT = "system:certificates.k8s.io:certificatesigningrequests:nodeclient";
