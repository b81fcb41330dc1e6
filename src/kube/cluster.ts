import { BerthError } from "../base/errors.ts";
import type { ClusterChange, ClusterKind, ClusterTypes, ListVersion } from "../pod/cluster.ts";
import type { Cluster } from "../ports.ts";
import { linesOf, parseJson } from "./body.ts";
import type { Call, Calls } from "./calls.ts";
import { brokenConnection, failureInStream } from "./failure.ts";
import { nameOf, pathOf, queryOf, typeOf } from "./paths.ts";

const JSON_TYPE = "application/json";
const PATCH_TYPE = "application/strategic-merge-patch+json";

type WatchLine = { readonly type?: unknown; readonly object?: { readonly metadata?: { resourceVersion?: string } } };
type ListAnswer = {
  readonly metadata?: { readonly resourceVersion?: string };
  readonly items?: readonly unknown[] | null;
};
type TokenAnswer = { readonly status?: { readonly token?: string; readonly expirationTimestamp?: string } };

/** The API server behind these calls (node.md 1 to 3); JSON both ways. */
export function makeCluster(calls: Calls): Cluster {
  const one = async <T>(call: Call, signal: AbortSignal): Promise<T> =>
    parseJson<T>(call.doing, await calls.whole(call, signal));

  return {
    get: (object, signal) => one({ doing: `reading ${nameOf(object)}`, method: "GET", path: pathOf(object) }, signal),
    create: (at, body, signal) => {
      const text = JSON.stringify({ ...typeOf(at.kind), ...body });
      const name = body.metadata?.name;
      const doing = `creating ${nameOf({ ...at, ...(name === undefined ? {} : { name }) })}`;
      return one({ doing, method: "POST", path: pathOf(at), body: { type: JSON_TYPE, text } }, signal);
    },
    replace: (object, body, signal) => {
      const text = JSON.stringify({ ...typeOf(object.kind), ...body });
      const doing = `replacing ${nameOf(object)}`;
      return one({ doing, method: "PUT", path: pathOf(object), body: { type: JSON_TYPE, text } }, signal);
    },
    patch: (object, patch, signal) => {
      const body = { type: PATCH_TYPE, text: JSON.stringify(patch) };
      return one({ doing: `patching ${nameOf(object)}`, method: "PATCH", path: pathOf(object), body }, signal);
    },
    async remove(object, { graceSeconds, uid }, signal) {
      const text = JSON.stringify({
        apiVersion: "v1",
        kind: "DeleteOptions",
        ...(graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds }),
        ...(uid === undefined ? {} : { preconditions: { uid } }),
      });
      const doing = `deleting ${nameOf(object)}`;
      await calls.whole({ doing, method: "DELETE", path: pathOf(object), body: { type: JSON_TYPE, text } }, signal);
    },
    async list(of, since, signal) {
      const query = queryOf({ fieldSelector: of.fieldSelector, resourceVersion: versionOf(since) });
      const doing = `listing ${nameOf(of)}`;
      const { metadata, items } = await one<ListAnswer>({ doing, method: "GET", path: pathOf(of) + query }, signal);
      if (metadata?.resourceVersion === undefined)
        throw new BerthError("ApiBadAnswer", `${doing}: the list has no version`);
      return { version: metadata.resourceVersion, items: (items ?? []) as ClusterTypes[typeof of.kind][] };
    },
    async *watch(of, { version, timeoutSeconds }, signal) {
      const query = queryOf({
        watch: "true",
        allowWatchBookmarks: "true",
        fieldSelector: of.fieldSelector,
        resourceVersion: version,
        timeoutSeconds: String(timeoutSeconds),
      });
      const doing = `watching ${nameOf(of)}`;
      const body = await calls.stream({ doing, method: "GET", path: pathOf(of) + query }, signal);
      yield { kind: "open" };
      try {
        for await (const line of linesOf(doing, body)) yield changeOf(doing, line);
      } catch (error) {
        if (signal.aborted) return;
        throw brokenConnection(doing, error, false);
      }
    },
    async token({ namespace, serviceAccount, audiences, expirationSeconds, pod }, signal) {
      const doing = `asking a token of serviceaccounts ${namespace}/${serviceAccount}`;
      const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/serviceaccounts/${encodeURIComponent(serviceAccount)}/token`;
      const text = JSON.stringify({
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        spec: { audiences, expirationSeconds, boundObjectRef: { apiVersion: "v1", kind: "Pod", ...pod } },
      });
      const { status } = await one<TokenAnswer>(
        { doing, method: "POST", path, body: { type: JSON_TYPE, text } },
        signal,
      );
      const expiresWallMs = Date.parse(status?.expirationTimestamp ?? "");
      if (status?.token === undefined || Number.isNaN(expiresWallMs))
        throw new BerthError("ApiBadAnswer", `${doing}: the answer has no token`);
      return { token: status.token, expiresWallMs };
    },
    disconnect: () => calls.disconnect(),
  };
}

function versionOf(since: ListVersion): string | undefined {
  if (since === "any") return "0";
  return since === "newest" ? undefined : since.version;
}

function changeOf<T extends ClusterTypes[ClusterKind]>(doing: string, line: string): ClusterChange<T> {
  const { type, object } = parseJson<WatchLine>(doing, line);
  switch (type) {
    case "ADDED":
    case "MODIFIED":
      return { kind: "put", object: object as T };
    case "DELETED":
      return { kind: "gone", object: object as T };
    case "BOOKMARK":
      return { kind: "bookmark", version: object?.metadata?.resourceVersion ?? "" };
    case "ERROR":
      throw failureInStream(doing, object);
    default:
      throw new BerthError("ApiBadAnswer", `${doing}: an event of an unknown type`);
  }
}
