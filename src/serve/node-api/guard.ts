import type { IncomingMessage } from "node:http";
import { asBerthError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Authentication } from "./authenticate.ts";
import type { Authorization } from "./authorize.ts";
import type { NodeRoute } from "./routes.ts";

/** Why a request is not answered. */
export type Refusal = { readonly status: number; readonly text: string };

/** Looks at each request before anything else does, whatever its path; undefined lets it pass. Never throws. */
export type Guard = (request: IncomingMessage, route: NodeRoute) => Promise<Refusal | undefined>;

const VERBS: Readonly<Record<string, string>> = {
  GET: "get",
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};

/** Who is it, and may they? 401, 403; 503 and 500 when the API server cannot be asked (node.md 6.2). */
export function makeGuard(authenticate: Authentication, authorize: Authorization, log: Log): Guard {
  return async (request, { subresources }) => {
    const user = await authenticate(request).catch((error: unknown) => {
      log.warn("the credential of a request to the node cannot be checked", { error: asBerthError(error, "checking") });
      return "unknown" as const;
    });
    if (user === "unknown") return { status: 503, text: "the credential cannot be checked now" };
    if (user === undefined) return { status: 401, text: "Unauthorized" };
    const verb = VERBS[request.method ?? ""] ?? "";
    const asked = `user=${user.name}, verb=${verb}, resource=nodes, subresource(s)=[${subresources.join(" ")}]`;
    try {
      if (await authorize(user, verb, subresources)) return undefined;
      return { status: 403, text: `Forbidden (${asked})` };
    } catch (error) {
      log.warn("the rights of a request to the node cannot be asked", { user: user.name, error });
      return { status: 500, text: `Authorization error (${asked})` };
    }
  };
}
