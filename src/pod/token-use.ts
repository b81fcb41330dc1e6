import type { DesiredPod, DocumentKey } from "./desired.ts";
import type * as v1 from "./v1.ts";

/** A token of a service account as a pod uses it; it is bound to that pod (node.md 3.9). */
export type TokenUse = {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly pod: { readonly name: string; readonly uid: string };
  readonly expirationSeconds: number;
  /** Empty: the API server itself. */
  readonly audience: string;
};

/** The key of the body that holds a token. */
export const TOKEN_DATA_KEY = "token";
const USUAL_SECONDS = 3600;

type Owner = Pick<DesiredPod, "namespace" | "name" | "uid"> & { readonly spec: v1.PodSpec };

/** A token as a document: it comes, is renewed and goes as those do. */
export function tokenKey(
  { namespace, name, uid, spec }: Owner,
  { audience = "", expirationSeconds = USUAL_SECONDS }: v1.ServiceAccountTokenProjection,
): DocumentKey {
  const account = spec.serviceAccountName || "default";
  return `Token/${namespace}/${[account, name, uid, expirationSeconds, audience].join("/")}`;
}

/** What a key of `tokenKey` asks for; undefined for other documents. */
export function readTokenKey(key: DocumentKey): TokenUse | undefined {
  const [kind, namespace = "", serviceAccount = "", name = "", uid = "", seconds = "", ...audience] = key.split("/");
  if (kind !== "Token" || audience.length === 0) return undefined;
  const expirationSeconds = Number(seconds);
  return { namespace, serviceAccount, pod: { name, uid }, expirationSeconds, audience: audience.join("/") };
}
