import { writeFile } from "node:fs/promises";

/** How somebody gets into the cluster. */
export type Entrance = {
  readonly server: string;
  /** Path of the authority's certificate. */
  readonly authority: string;
  readonly user:
    | { readonly "client-certificate": string; readonly "client-key": string }
    | { readonly token: string }
    | { readonly tokenFile: string };
};

/** Writes a kubeconfig with one context. */
export async function writeKubeconfig(path: string, { server, authority, user }: Entrance): Promise<void> {
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "cluster", cluster: { server, "certificate-authority": authority } }],
    users: [{ name: "user", user }],
    contexts: [{ name: "context", context: { cluster: "cluster", user: "user" } }],
    "current-context": "context",
  };
  await writeFile(path, JSON.stringify(config, undefined, 2), { mode: 0o600 });
}
