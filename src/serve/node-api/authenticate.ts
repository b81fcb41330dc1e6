import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";
import type { User } from "../../pod/user.ts";
import type { Reviews } from "../../ports.ts";
import { makeAnsweredBefore } from "./answered-before.ts";

/** How it is told who makes a request (node.md 6.2). */
export type AuthenticationRules = {
  /** Whether certificates of clients were asked for, against an authority of our own. */
  readonly certificates: boolean;
  /** Absent: no token is good. */
  readonly tokens?: { readonly reviews: Pick<Reviews, "token">; readonly rememberMs: number };
  readonly anonymous: boolean;
};

/** Who makes a request; undefined: nobody who may. Throws when the API server cannot be asked. */
export type Authentication = (request: IncomingMessage) => Promise<User | undefined>;

const ANONYMOUS: User = { name: "system:anonymous", groups: ["system:unauthenticated"] };
const AUTHENTICATED = "system:authenticated";
/** How a browser, which cannot set headers, carries its token. */
const TOKEN_PROTOCOL = "base64url.bearer.authorization.k8s.io.";

/** A credential as it was shown; `bad` is one that is good for nobody, which is never the same as none. */
type Shown<T> = { readonly kind: "none" } | { readonly kind: "bad" } | { readonly kind: "good"; readonly value: T };

/** Certificates come before tokens; anonymous is only who shows no credential at all. */
export function makeAuthentication(rules: AuthenticationRules): Authentication {
  const { certificates, tokens, anonymous } = rules;
  const rememberMs = tokens?.rememberMs ?? 0;
  const known = makeAnsweredBefore<User | undefined>({
    lifeMs: { yes: rememberMs, no: rememberMs },
    isYes: (user) => user !== undefined,
    nowMs: () => performance.now(),
  });
  return async (request) => {
    const certificate = certificates ? certificateOf(request) : NONE;
    if (certificate.kind === "bad") return undefined;
    if (certificate.kind === "good") return withGroup(certificate.value);
    const token = tokenOf(request);
    if (token.kind === "bad") return undefined;
    if (token.kind === "none") return anonymous ? ANONYMOUS : undefined;
    if (tokens === undefined) return undefined;
    // No token is kept: neither in memory nor, by way of a key, anywhere else.
    const digest = createHash("sha256").update(token.value).digest("base64");
    const user = await known.ask(digest, (signal) => tokens.reviews.token(token.value, signal));
    return user === undefined ? undefined : withGroup(user);
  };
}

const NONE = { kind: "none" } as const;
const BAD = { kind: "bad" } as const;

function withGroup(user: User): User {
  return user.groups.includes(AUTHENTICATED) ? user : { ...user, groups: [...user.groups, AUTHENTICATED] };
}

/** CN is the user, O are the groups. The chain was checked in the handshake; the time is looked at again now. */
function certificateOf({ socket }: IncomingMessage): Shown<User> {
  if (!(socket instanceof TLSSocket)) return NONE;
  const { subject, valid_to: validTo } = socket.getPeerCertificate();
  if (subject === undefined) return NONE;
  const name: unknown = subject.CN;
  if (!socket.authorized || !(Date.parse(validTo) > Date.now())) return BAD;
  if (typeof name !== "string" || name === "") return BAD;
  const groups: unknown = subject.O ?? [];
  return { kind: "good", value: { name, groups: [groups].flat().map(String) } };
}

function tokenOf({ headers }: IncomingMessage): Shown<string> {
  const { authorization } = headers;
  if (authorization !== undefined) {
    const [, token] = /^bearer +(\S+)\s*$/i.exec(authorization) ?? [];
    return token === undefined ? BAD : { kind: "good", value: token };
  }
  const protocols = (headers["sec-websocket-protocol"] ?? "").split(",").map((each) => each.trim());
  const carried = protocols.filter((each) => each.startsWith(TOKEN_PROTOCOL));
  const [only] = carried;
  if (only === undefined) return NONE;
  const token = Buffer.from(only.slice(TOKEN_PROTOCOL.length), "base64url").toString("utf8");
  return carried.length > 1 || !/^\S+$/.test(token) ? BAD : { kind: "good", value: token };
}
