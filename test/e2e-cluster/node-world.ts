import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { freePort } from "../../dev/agent/free-port.ts";
import { fetchNewerKubectl } from "../../dev/cluster/newer-kubectl.ts";
import { programPath } from "../../dev/cluster/places.ts";
import type { Cluster } from "../../dev/cluster/start.ts";
import { workFolder } from "../../dev/paths.ts";
import { type Finished, tryCommand } from "../../dev/run-command.ts";
import { type Host, openHost } from "../kit/host.ts";
import { container, pod, sh } from "../kit/sample-pods.ts";
import { openOwnCluster } from "./open-cluster.ts";

/** A kubectl, and how it is told to speak. */
export type Client = { readonly program: string; readonly environment: Readonly<Record<string, string>> };

const SPDY_ALONE = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: "false", KUBECTL_PORT_FORWARD_WEBSOCKETS: "false" };

/** The kubectls that have to get on with a node: Debian 12's, and the newest of Debian's suites by both its protocols. */
export const CLIENTS = {
  "kubectl 1.20": async (): Promise<Client> => ({ program: programPath("kubectl"), environment: {} }),
  "the newest kubectl": async (): Promise<Client> => ({ program: await fetchNewerKubectl(), environment: {} }),
  "the newest kubectl, by SPDY": async (): Promise<Client> => ({
    program: await fetchNewerKubectl(),
    environment: SPDY_ALONE,
  }),
} as const;

/** A request to the node's own API, or to the API server. */
export type Wish = { readonly token?: string; readonly body?: string; readonly nobody?: true };

/** A node of a real control plane with one pod of three containers, and the ways to talk to it. */
export type NodeWorld = {
  readonly cluster: Cluster;
  readonly host: Host;
  /** The pod, as the API server calls it. */
  readonly name: string;
  /** Where the node's own API listens. */
  readonly address: string;
  readonly port: number;
  /** What a request of the cluster's administrator shows. */
  readonly admin: { readonly cert: Buffer; readonly key: Buffer };
  /** One request as the administrator, or with a token, or with nothing. */
  call(method: string, url: string, wish?: Wish): Promise<{ status: number; text: string }>;
  kubectl(client: Client, ...args: string[]): Promise<Finished>;
  /** A kubectl that goes on. */
  begin(client: Client, ...args: string[]): Going;
  close(): Promise<void>;
};

/** A program that goes on, with what it has said so far. */
export type Going = ReturnType<typeof begin>;

/** Starts all of it below a folder; minutes the first time, since the control plane has to be compiled. */
export async function openNodeWorld(folderName: string, serverFlags: readonly string[] = []): Promise<NodeWorld> {
  const folder = join(workFolder, folderName);
  const cluster = await openOwnCluster(folderName, { server: serverFlags });
  try {
    return await openNode(cluster, folder);
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

async function openNode(cluster: Cluster, folder: string): Promise<NodeWorld> {
  const node = `n${randomBytes(3).toString("hex")}`;
  const port = await freePort();
  const address =
    Object.values(networkInterfaces())
      .flat()
      .find((each) => each !== undefined && !each.internal && each.family === "IPv4")?.address ?? "";
  const host = await openHost({
    node,
    kubelet: {
      port,
      serverTLSBootstrap: true,
      authentication: { x509: { clientCAFile: cluster.clientAuthority } },
      containerLogMaxSize: "2Ki",
      containerLogMonitorInterval: "3s",
    },
    flags: ["--kubeconfig", await cluster.nodeKubeconfig(node), "--node-ip", address],
  });
  const admin = {
    cert: readFileSync(join(folder, "pki/admin.crt")),
    key: readFileSync(join(folder, "pki/admin.key")),
  };
  const withConfig = (args: readonly string[]): string[] => ["--kubeconfig", cluster.kubeconfig, ...args];
  const world: NodeWorld = {
    cluster,
    host,
    name: `web-${node}`,
    address,
    port,
    admin,
    call: (method, url, wish) => call(admin, method, url, wish),
    kubectl: ({ program, environment }, ...args) =>
      tryCommand(program, withConfig(args), { env: { ...process.env, ...environment } }),
    begin: ({ program, environment }, ...args) => begin(program, withConfig(args), environment),
    async close() {
      await host.close();
      await cluster.stop();
    },
  };
  try {
    await dropPod(host);
    await host.eventually("the node is there", () => cluster.kubectl(["get", "node", node]));
    await approveServing(cluster, host);
    await host.eventually("its pod is there", () => cluster.kubectl(["get", "pod", world.name]));
    return world;
  } catch (error) {
    await host.close();
    throw error;
  }
}

async function dropPod(host: Host): Promise<void> {
  const site = "mkdir -p /www && echo hello from the pod >/www/index.html && exec httpd -f -p 8080 -h /www";
  const count = "i=0; while true; do i=$((i+1)); echo line $i; sleep 0.05; done";
  const manifest = pod("web", {
    containers: [
      container("web", { command: sh(`echo one; echo two; echo three; ${site}`) }),
      container("echo", { command: sh("while read line; do echo got $line; done"), stdin: true }),
      container("count", { command: sh(count) }),
    ],
  });
  await host.manifests.drop("web.yaml", manifest);
  for (const each of ["web", "echo", "count"]) await host.running("web", each);
}

/** Somebody has to approve a serving certificate; then the API server, which checks it, gets through to the node. */
async function approveServing(cluster: Cluster, host: Host): Promise<void> {
  const form = "{range .items[*]}{.metadata.name} {.spec.signerName} {.spec.username}{'\\n'}{end}";
  const [request = ""] = await host.eventually("the node asks for its certificate", async () => {
    const lines = (await cluster.kubectl(["get", "csr", "-o", `jsonpath=${form}`])).split("\n");
    const asked = lines.filter((line) => line.endsWith(` kubernetes.io/kubelet-serving system:node:${host.node}`));
    expect(asked.length).toBe(1);
    return asked.map((line) => line.split(" ")[0] ?? "");
  });
  await cluster.kubectl(["certificate", "approve", request]);
  await host.eventually("the certificate is served", () =>
    cluster.kubectl(["get", "--raw", `/api/v1/nodes/${host.node}/proxy/healthz`]),
  );
}

/** One request as the cluster's administrator, or with a token, or with nothing. */
async function call(
  admin: NodeWorld["admin"],
  method: string,
  url: string,
  { token, body, nobody }: Wish = {},
): Promise<{ status: number; text: string }> {
  const asked = request(url, {
    method,
    agent: false,
    rejectUnauthorized: false,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/merge-patch+json" }),
    },
    ...(token === undefined && nobody === undefined ? admin : {}),
  });
  asked.end(body);
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of answer) text += chunk;
  return { status: answer.statusCode ?? 0, text };
}

function begin(program: string, args: string[], environment: Readonly<Record<string, string>>) {
  const child = spawn(program, args, { env: { ...process.env, ...environment } });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk;
  });
  const exit = once(child, "exit");
  return {
    child,
    out: () => out,
    err: () => err,
    end: () => {
      child.kill("SIGINT");
      return exit;
    },
  };
}
