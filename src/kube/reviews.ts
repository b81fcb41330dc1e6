import type { AccessQuestion, User } from "../pod/user.ts";
import type { Reviews } from "../ports.ts";
import { parseJson } from "./body.ts";
import type { Calls } from "./calls.ts";

type TokenAnswer = {
  readonly status?: {
    readonly authenticated?: boolean;
    readonly user?: {
      readonly username?: string;
      readonly uid?: string;
      readonly groups?: readonly string[] | null;
      readonly extra?: Readonly<Record<string, readonly string[]>> | null;
    };
  };
};
type AccessAnswer = { readonly status?: { readonly allowed?: boolean; readonly denied?: boolean } };

/** Asks the API server about users and what they may do (node.md 6.2). */
export function makeReviews(calls: Calls): Reviews {
  const ask = async <T>(doing: string, path: string, body: object, signal: AbortSignal): Promise<T> => {
    const text = JSON.stringify(body);
    return parseJson<T>(
      doing,
      await calls.whole({ doing, method: "POST", path, body: { type: "application/json", text } }, signal),
    );
  };
  return {
    async token(token, signal) {
      const { status } = await ask<TokenAnswer>(
        "checking a token",
        "/apis/authentication.k8s.io/v1/tokenreviews",
        { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: { token } },
        signal,
      );
      return status?.authenticated === true ? userOf(status.user) : undefined;
    },
    async access(question, signal) {
      const { status } = await ask<AccessAnswer>(
        `asking what ${question.user.name} may do`,
        "/apis/authorization.k8s.io/v1/subjectaccessreviews",
        reviewOf(question),
        signal,
      );
      return status?.allowed === true && status.denied !== true;
    },
  };
}

/** A user without a name is nobody. */
function userOf(user: NonNullable<TokenAnswer["status"]>["user"]): User | undefined {
  if (!user?.username) return undefined;
  return {
    name: user.username,
    groups: user.groups ?? [],
    ...(user.uid ? { uid: user.uid } : {}),
    ...(user.extra ? { extra: user.extra } : {}),
  };
}

function reviewOf({ user, verb, nodeName, subresource }: AccessQuestion): object {
  return {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SubjectAccessReview",
    spec: {
      resourceAttributes: { group: "", version: "v1", resource: "nodes", name: nodeName, verb, subresource },
      user: user.name,
      groups: user.groups,
      ...(user.uid === undefined ? {} : { uid: user.uid }),
      ...(user.extra === undefined ? {} : { extra: user.extra }),
    },
  };
}
