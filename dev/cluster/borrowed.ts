import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runCommand } from "../run-command.ts";
import { bootstrapObjects } from "./bootstrap.ts";
import { type Certificate, makeKey } from "./certificates.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { fetchNewerKubectl } from "./newer-kubectl.ts";
import type { Cluster } from "./start.ts";

/** What kubectl shows of a kubeconfig that is reduced to its current context. */
type Config = {
  readonly clusters: readonly [
    { readonly cluster: { readonly server: string; readonly "certificate-authority-data"?: string } },
  ];
};

/**
 * Nodes join a cluster that is there already: `kubeconfig` is of an administrator of it. Nodes get certificates by the
 * cluster's own signer. What was made for them is taken away by `stop`, nothing else is touched. Throws where the kubeconfig
 * names no authority, or nobody signs.
 */
export async function borrowCluster(kubeconfig: string, folder: string): Promise<Cluster> {
  const path = resolve(kubeconfig);
  const program = await fetchNewerKubectl();
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, "pki"), { recursive: true, mode: 0o700 });
  const kubectl = (args: string[], input?: string): Promise<string> =>
    runCommand(program, ["--kubeconfig", path, ...args], input === undefined ? {} : { input });
  const view = await kubectl(["config", "view", "--raw", "--flatten", "--minify", "-o", "json"]);
  const [{ cluster }] = (JSON.parse(view) as Config).clusters;
  const authority = cluster["certificate-authority-data"];
  if (authority === undefined) throw new Error(`${kubeconfig} names no certificate authority`);
  const serverAuthority = join(folder, "pki/server-ca.crt");
  await writeFile(serverAuthority, Buffer.from(authority, "base64"));
  const clientAuthority = join(folder, "pki/client-ca.crt");
  const named = ["-n", "kube-system", "get", "configmap", "extension-apiserver-authentication"];
  await writeFile(clientAuthority, await kubectl([...named, "-o", "jsonpath={.data.client-ca-file}"]));

  const nodes = new Set<string>();
  const made: string[] = [];
  const nodeCertificate = (nodeName: string): Promise<Certificate> => {
    nodes.add(nodeName);
    return certified(kubectl, join(folder, "pki"), nodeName);
  };
  const kubeconfigOf = async (name: string, user: Parameters<typeof writeKubeconfig>[1]["user"]): Promise<string> => {
    const goal = join(folder, `${name}.kubeconfig`);
    await writeKubeconfig(goal, { server: cluster.server, authority: serverAuthority, user });
    return goal;
  };
  return {
    server: cluster.server,
    kubeconfig: path,
    serverAuthority,
    clientAuthority,
    kubectl,
    nodeCertificate,
    async nodeKubeconfig(nodeName) {
      const { certificate, key } = await nodeCertificate(nodeName);
      return kubeconfigOf(`node-${nodeName}`, { "client-certificate": certificate, "client-key": key });
    },
    async bootstrapKubeconfig() {
      const { token, objects } = bootstrapObjects();
      await kubectl(["apply", "-f", "-"], objects);
      made.push(objects);
      return kubeconfigOf("bootstrap", { token });
    },
    async stop() {
      for (const nodeName of nodes) await forget(kubectl, nodeName);
      for (const objects of made) await kubectl(["delete", "--ignore-not-found", "-f", "-"], objects);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const SIGNED_WITHIN_MS = 60_000;

/** Has the cluster sign a node's certificate, as an administrator who approves what he asked for himself. */
async function certified(kubectl: Cluster["kubectl"], folder: string, nodeName: string): Promise<Certificate> {
  const issued: Certificate = {
    certificate: join(folder, `node-${nodeName}.crt`),
    key: join(folder, `node-${nodeName}.key`),
  };
  if (await readFile(issued.certificate).catch(() => undefined)) return issued;
  await makeKey(issued.key);
  const subject = `/O=system:nodes/CN=system:node:${nodeName}`;
  const request = await runCommand("openssl", ["req", "-new", "-key", issued.key, "-subj", subject]);
  const name = `berth-test-${nodeName}`;
  const asked = {
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: { name },
    spec: {
      request: Buffer.from(request).toString("base64"),
      signerName: "kubernetes.io/kube-apiserver-client-kubelet",
      usages: ["digital signature", "key encipherment", "client auth"], // older signers want all three
    },
  };
  await kubectl(["create", "-f", "-"], JSON.stringify(asked));
  try {
    await kubectl(["certificate", "approve", name]);
    await writeFile(issued.certificate, Buffer.from(await signedOf(kubectl, name), "base64"));
  } finally {
    await kubectl(["delete", "csr", name]);
  }
  return issued;
}

/** Waits until the cluster has signed a request. Throws where it does not. */
async function signedOf(kubectl: Cluster["kubectl"], name: string): Promise<string> {
  for (const deadline = performance.now() + SIGNED_WITHIN_MS; performance.now() < deadline; await sleep(300)) {
    const signed = await kubectl(["get", "csr", name, "-o", "jsonpath={.status.certificate}"]);
    if (signed !== "") return signed;
  }
  const why = await kubectl(["get", "csr", name, "-o", "jsonpath={.status.conditions}"]);
  throw new Error(`the cluster did not sign the request ${name} within a minute; it says: ${why}`);
}

/** Takes away a node and what was left of its pods. */
async function forget(kubectl: Cluster["kubectl"], nodeName: string): Promise<void> {
  const own = ["--all-namespaces", "--field-selector", `spec.nodeName=${nodeName}`];
  await kubectl(["delete", "pods", ...own, "--force", "--grace-period=0", "--wait=false"]);
  await kubectl(["delete", "node", nodeName, "--ignore-not-found"]);
  await kubectl(["-n", "kube-node-lease", "delete", "lease", nodeName, "--ignore-not-found"]);
}
