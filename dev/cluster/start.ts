import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../agent/free-port.ts";
import { runCommand, tryCommand } from "../run-command.ts";
import { type Daemon, startDaemon } from "../runtime/daemon.ts";
import { bootstrapObjects } from "./bootstrap.ts";
import { type Authority, type Certificate, makeAuthority, makeKey } from "./certificates.ts";
import { type Entrance, writeKubeconfig } from "./kubeconfig.ts";
import { programPath } from "./places.ts";
import { noteProcesses, stopCluster } from "./stop.ts";

/** A cluster that nodes can join, seen by its administrator. */
export type Cluster = {
  readonly server: string;
  /** Of an administrator. */
  readonly kubeconfig: string;
  /** Paths of the certificates that the server's own, and those of its clients, are to be held against. */
  readonly serverAuthority: string;
  readonly clientAuthority: string;
  /** Runs kubectl as an administrator; throws with what it printed when it fails. */
  kubectl(args: string[], input?: string): Promise<string>;
  /** The certificate by which a node is known. */
  nodeCertificate(nodeName: string): Promise<Certificate>;
  /** Writes the kubeconfig of a node with a certificate of its own, and hands back its path. */
  nodeKubeconfig(nodeName: string): Promise<string>;
  /** Writes a kubeconfig of a new node that has only a bootstrap token. */
  bootstrapKubeconfig(): Promise<string>;
  /** Ends what was started for it and removes what was made. */
  stop(): Promise<void>;
};

/** A control plane of its own on loopback, of which everything is at hand. */
export type OwnCluster = Cluster & {
  readonly authority: Authority;
  /** Ends the API server at once, as in an outage; what is stored stays. */
  killServer(): Promise<void>;
  /** Starts it again on the same address. */
  startServer(): Promise<void>;
};

type Ports = {
  readonly etcd: number;
  readonly peer: number;
  readonly server: number;
  readonly rest: readonly number[];
};

/** What differs from a control plane as it is by itself: further flags of its programs. */
export type ClusterFlags = { readonly server?: readonly string[]; readonly manager?: readonly string[] };

/** Starts a control plane below a folder, from programs that `makeClusterPrograms` has made. Throws with the end of a log. */
export async function startCluster(folder: string, flags: ClusterFlags = {}): Promise<OwnCluster> {
  await stopCluster(folder);
  try {
    await mkdir(join(folder, "logs"), { recursive: true, mode: 0o700 });
    return await bringUp(folder, flags);
  } catch (thrown) {
    await stopCluster(folder).catch(() => undefined); // the first failure is the one to hear of
    throw thrown;
  }
}

async function bringUp(folder: string, flags: ClusterFlags): Promise<OwnCluster> {
  const authority = await makeAuthority(join(folder, "pki"));
  await makeKey(join(folder, "pki/accounts.key"));
  const ports = await freePorts();
  const server = `https://127.0.0.1:${ports.server}`;
  await startEtcd(folder, ports);
  const kubeconfigOf = async (name: string, user: Entrance["user"]): Promise<string> => {
    const path = join(folder, `${name}.kubeconfig`);
    await writeKubeconfig(path, { server, authority: authority.certificate, user });
    return path;
  };
  const certified = async (name: string, commonName: string, organization?: string): Promise<string> => {
    const issued = await authority.issue(name, { commonName, ...(organization === undefined ? {} : { organization }) });
    return kubeconfigOf(name, { "client-certificate": issued.certificate, "client-key": issued.key });
  };
  const kubeconfig = await certified("admin", "admin", "system:masters");
  const kubectl = (args: string[], input?: string): Promise<string> =>
    runCommand(programPath("kubectl"), ["--kubeconfig", kubeconfig, ...args], input === undefined ? {} : { input });

  const serve = async (): Promise<Daemon> => {
    const args = [...(await serverArguments(folder, authority, ports)), ...(flags.server ?? [])];
    const daemon = await start(folder, "kube-apiserver", args);
    await untilReady(kubeconfig);
    return daemon;
  };
  let running = await serve();
  const { token, objects } = bootstrapObjects();
  await kubectl(["apply", "-f", "-"], objects);
  const [managerPort = 0, schedulerPort = 0] = ports.rest;
  const manager = await certified("manager", "system:kube-controller-manager");
  const scheduler = await certified("scheduler", "system:kube-scheduler");
  await start(folder, "kube-controller-manager", [
    ...helperArguments(folder, manager, managerPort),
    `--cluster-signing-cert-file=${authority.certificate}`,
    `--cluster-signing-key-file=${authority.key}`,
    `--root-ca-file=${authority.certificate}`,
    `--service-account-private-key-file=${join(folder, "pki/accounts.key")}`,
    "--controllers=*,bootstrapsigner,tokencleaner",
    "--use-service-account-credentials",
    ...(flags.manager ?? []),
  ]);
  await start(folder, "kube-scheduler", helperArguments(folder, scheduler, schedulerPort));
  await untilAccount(kubectl);
  return {
    server,
    kubeconfig,
    ...{ authority, serverAuthority: authority.certificate, clientAuthority: authority.certificate },
    kubectl,
    nodeCertificate: (nodeName) =>
      authority.issue(`node-${nodeName}`, { commonName: `system:node:${nodeName}`, organization: "system:nodes" }),
    nodeKubeconfig: (nodeName) => certified(`node-${nodeName}`, `system:node:${nodeName}`, "system:nodes"),
    bootstrapKubeconfig: () => kubeconfigOf("bootstrap", { token }),
    killServer: () => running.kill(),
    async startServer() {
      running = await serve();
    },
    stop: () => stopCluster(folder),
  };
}

async function start(folder: string, name: Parameters<typeof programPath>[0], args: string[]): Promise<Daemon> {
  const daemon = await startDaemon(programPath(name), args, join(folder, "logs", `${name}.log`));
  await noteProcesses(folder, [daemon.id]);
  return daemon;
}

async function startEtcd(folder: string, { etcd, peer }: Ports): Promise<void> {
  const client = `http://127.0.0.1:${etcd}`;
  const cluster = `http://127.0.0.1:${peer}`;
  const daemon = await start(folder, "etcd", [
    `--data-dir=${join(folder, "etcd")}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${cluster}`,
    `--initial-advertise-peer-urls=${cluster}`,
    `--initial-cluster=default=${cluster}`,
    "--unsafe-no-fsync",
  ]);
  await daemon.waitForLine(/ready to serve client requests/, 30_000);
}

async function serverArguments(folder: string, authority: Authority, ports: Ports): Promise<string[]> {
  const pki = join(folder, "pki");
  const serving = await authority.issue("server", {
    commonName: "kube-apiserver",
    names: ["IP:127.0.0.1", "IP:10.96.0.1", "DNS:localhost", "DNS:kubernetes.default.svc"],
  });
  const toNodes = await authority.issue("to-nodes", { commonName: "kube-apiserver", organization: "system:masters" });
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${ports.server}`,
    "--endpoint-reconciler-type=none", // it would not take a loopback address
    `--tls-cert-file=${serving.certificate}`,
    `--tls-private-key-file=${serving.key}`,
    `--client-ca-file=${authority.certificate}`,
    `--kubelet-certificate-authority=${authority.certificate}`,
    `--kubelet-client-certificate=${toNodes.certificate}`,
    `--kubelet-client-key=${toNodes.key}`,
    "--kubelet-preferred-address-types=InternalIP", // nobody resolves the names of the nodes
    `--cert-dir=${pki}`,
    "--authorization-mode=Node,RBAC",
    "--enable-admission-plugins=NodeRestriction",
    "--enable-bootstrap-token-auth",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${join(pki, "accounts.key")}`,
    `--service-account-signing-key-file=${join(pki, "accounts.key")}`,
    "--service-cluster-ip-range=10.96.0.0/24",
    "--allow-privileged",
  ];
}

const helperArguments = (folder: string, kubeconfig: string, port: number): string[] => [
  `--kubeconfig=${kubeconfig}`,
  `--authentication-kubeconfig=${kubeconfig}`,
  `--authorization-kubeconfig=${kubeconfig}`,
  "--bind-address=127.0.0.1",
  `--secure-port=${port}`,
  "--port=0",
  `--cert-dir=${join(folder, "pki")}`,
  "--leader-elect=false",
];

async function untilReady(kubeconfig: string): Promise<void> {
  const ask = ["--kubeconfig", kubeconfig, "get", "--raw", "/readyz", "--request-timeout=5s"];
  let last = "";
  for (const deadline = performance.now() + 300_000; performance.now() < deadline; await sleep(200)) {
    const { code, stderr } = await tryCommand(programPath("kubectl"), ask);
    if (code === 0) return;
    last = stderr;
  }
  throw new Error(`the API server was not ready within five minutes: ${last}`);
}

/** Pods can be made once the controller has made the account that they use. */
async function untilAccount(kubectl: Cluster["kubectl"]): Promise<void> {
  for (const deadline = performance.now() + 180_000; performance.now() < deadline; await sleep(200)) {
    const found = await kubectl(["get", "serviceaccounts", "default", "--ignore-not-found", "-o", "name"]);
    if (found !== "") return;
  }
  throw new Error("the controller made no default service account within three minutes");
}

/** Below the range for clients: the API server finds its port free after an outage, too. */
async function freePorts(): Promise<Ports> {
  const ports = new Set<number>();
  while (ports.size < 5) ports.add(await freePort());
  const [etcd = 0, peer = 0, server = 0, ...rest] = ports;
  return { etcd, peer, server, rest };
}
