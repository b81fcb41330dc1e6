import type { User } from "../../pod/user.ts";
import type { Reviews } from "../../ports.ts";
import { makeAnsweredBefore } from "./answered-before.ts";

/** Who says what a request may do (node.md 6.2). */
export type AuthorizationRules =
  | { readonly mode: "AlwaysAllow" }
  | {
      readonly mode: "Webhook";
      readonly reviews: Pick<Reviews, "access">;
      readonly nodeName: string;
      readonly allowedMs: number;
      readonly deniedMs: number;
    };

/** Whether one of these subresources of the node allows it. Throws when the API server cannot be asked. */
export type Authorization = (user: User, verb: string, subresources: readonly string[]) => Promise<boolean>;

/** Asks for one subresource after the other, until one allows it. */
export function makeAuthorization(rules: AuthorizationRules): Authorization {
  if (rules.mode === "AlwaysAllow") return async () => true;
  const { reviews, nodeName, allowedMs, deniedMs } = rules;
  const known = makeAnsweredBefore<boolean>({
    lifeMs: { yes: allowedMs, no: deniedMs },
    isYes: (allowed) => allowed,
    nowMs: () => performance.now(),
  });
  return async (user, verb, subresources) => {
    for (const subresource of subresources) {
      const question = { user, verb, nodeName, subresource };
      if (await known.ask(JSON.stringify(question), (signal) => reviews.access(question, signal))) return true;
    }
    return false;
  };
}
