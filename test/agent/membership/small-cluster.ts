import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../../../src/base/clock.ts";
import { BerthError, type ErrorCode } from "../../../src/base/errors.ts";
import type { ClusterKind, ClusterTypes } from "../../../src/pod/cluster.ts";
import type { Cluster } from "../../../src/ports.ts";
import { withCanonicalAmounts } from "../../kit/api-server/canonical-amounts.ts";

/** One request as the server saw it. */
export type Asked = {
  readonly verb: "get" | "create" | "replace" | "patch" | "remove" | "list" | "watch" | "token" | "disconnect";
  readonly kind: string;
  readonly atMs: number;
  readonly body?: unknown;
};

type Stored = { metadata: { name?: string; resourceVersion?: string; uid?: string }; status?: Fields };
type Happening = {
  readonly version: number;
  readonly kind: string;
  readonly name: string;
  readonly change: "put" | "gone";
  readonly object: Stored;
};
type Fields = Record<string, unknown>;

/** A server that keeps nodes, leases and events, counts what it is asked, and fails when a test says so. */
export type SmallCluster = {
  readonly cluster: Cluster;
  readonly asked: Asked[];
  readonly stored: Map<string, Stored>;
  /** Makes requests fail from now on; undefined: no more. */
  fail(how: ErrorCode | undefined | ((asked: Asked) => BerthError | undefined)): void;
  /** Each answer takes so long from now on. */
  slow(ms: number): void;
  /** Patches are made at once from now on, and answered so much later. */
  answerLate(ms: number): void;
  /** Somebody else changes an object: its version moves, and watches tell it. */
  touch(kind: ClusterKind, name: string, change?: (object: Stored) => void): void;
  /** Somebody else removes it. */
  drop(kind: ClusterKind, name: string): void;
  /** How many requests of this verb, and of this kind, there were after a moment. */
  count(verb: Asked["verb"], kind: string, sinceMs?: number): number;
};

const FOREVER = new AbortController().signal;

export function smallCluster(clock: Clock): SmallCluster {
  const asked: Asked[] = [];
  const stored = new Map<string, Stored>();
  const happened: Happening[] = [];
  let version = 0;
  let delayMs = 0;
  let answerMs = 0;
  let broken: (asked: Asked) => BerthError | undefined = () => undefined;
  let listeners: ((kind: string, name: string, change: "put" | "gone", object: Stored) => void)[] = [];

  const happen = (one: Happening): void => {
    happened.push(one);
    for (const tell of listeners) tell(one.kind, one.name, one.change, structuredClone(one.object));
  };
  const note = async (verb: Asked["verb"], kind: string, body?: unknown): Promise<void> => {
    const one: Asked = { verb, kind, atMs: clock.now().monoMs, ...(body === undefined ? {} : { body }) };
    asked.push(one);
    await Promise.resolve();
    if (delayMs > 0) await clock.sleep(delayMs, FOREVER);
    const error = broken(one);
    if (error !== undefined) throw error;
  };
  const found = (kind: string, name: string): Stored => {
    const object = stored.get(`${kind}/${name}`);
    if (object === undefined) throw new BerthError("ApiNotFound", `${kind} ${name}: there is none`);
    return object;
  };
  const keep = <T>(kind: string, name: string, object: T, uid?: string): T => {
    version += 1;
    const fresh = asKept(kind, structuredClone(object) as Stored);
    fresh.metadata = { ...fresh.metadata, name, resourceVersion: String(version), uid: uid ?? `uid-${version}` };
    stored.set(`${kind}/${name}`, fresh);
    happen({ version, kind, name, change: "put", object: fresh });
    return structuredClone(fresh) as T;
  };

  const drop = (kind: string, name: string): void => {
    const object = found(kind, name);
    stored.delete(`${kind}/${name}`);
    version += 1;
    const metadata = { ...object.metadata, resourceVersion: String(version) };
    happen({ version, kind, name, change: "gone", object: { ...object, metadata } });
  };

  const cluster: Cluster = {
    async get({ kind, name }) {
      await note("get", kind);
      return structuredClone(found(kind, name)) as never;
    },
    async create({ kind }, body) {
      await note("create", kind, body);
      const name = body.metadata?.name ?? `${body.metadata?.generateName}${version + 1}`;
      if (stored.has(`${kind}/${name}`)) throw new BerthError("ApiExists", `${kind} ${name}: is there already`);
      return keep(kind, name, body);
    },
    async replace({ kind, name }, body) {
      await note("replace", kind, body);
      const before = found(kind, name);
      const held = body.metadata?.resourceVersion;
      if (held !== before.metadata.resourceVersion) throw new BerthError("ApiConflict", `${kind} ${name}: was changed`);
      return keep(kind, name, body, before.metadata.uid);
    },
    async patch({ kind, name }, patch) {
      await note("patch", kind, patch);
      const before = found(kind, name);
      const after = asKept(kind, merged(before as Fields, patch as Fields));
      if (isDeepStrictEqual(after, before)) return structuredClone(before) as never; // no new version, and no news
      const answer = keep(kind, name, after as never, before.metadata.uid);
      if (answerMs > 0) await clock.sleep(answerMs, FOREVER);
      return answer;
    },
    async remove({ kind, name }) {
      await note("remove", kind);
      drop(kind, name);
    },
    async list({ kind, fieldSelector }) {
      await note("list", kind);
      const items = [...stored]
        .filter(([key, { metadata }]) => key.startsWith(`${kind}/`) && isSelected(fieldSelector, metadata.name))
        .map(([, object]) => object);
      return { version: String(version), items: structuredClone(items) as never[] };
    },
    async *watch<K extends ClusterKind>(
      of: { kind: K; fieldSelector?: string },
      from: { version: string; timeoutSeconds: number },
      signal: AbortSignal,
    ) {
      await note("watch", of.kind, from);
      const heard: { kind: "put" | "gone"; object: ClusterTypes[K] }[] = [];
      const over = new AbortController();
      const ends = AbortSignal.any([signal, over.signal]);
      let wake = (): void => {};
      const listen = (kind: string, name: string, change: "put" | "gone", object: Stored): void => {
        if (kind === of.kind && isSelected(of.fieldSelector, name))
          heard.push({ kind: change, object: object as unknown as ClusterTypes[K] });
        wake();
      };
      for (const one of happened)
        if (one.version > Number(from.version)) listen(one.kind, one.name, one.change, structuredClone(one.object));
      listeners.push(listen);
      const late = clock.sleep(from.timeoutSeconds * 1000, ends).then(() => "late" as const);
      try {
        yield { kind: "open" as const };
        for (;;) {
          for (let next = heard.shift(); next !== undefined; next = heard.shift()) yield next;
          const rung = new Promise<"rung">((resolve) => {
            wake = () => resolve("rung");
          });
          if ((await Promise.race([rung, late])) === "late") return;
          const error = broken({ verb: "watch", kind: of.kind, atMs: clock.now().monoMs });
          if (error !== undefined) throw error;
        }
      } finally {
        over.abort();
        listeners = listeners.filter((one) => one !== listen);
      }
    },
    async token(wish) {
      await note("token", "serviceaccounts", wish);
      return { token: `token-${asked.length}`, expiresWallMs: clock.now().wallMs + wish.expirationSeconds * 1000 };
    },
    disconnect: () => void asked.push({ verb: "disconnect", kind: "", atMs: clock.now().monoMs }),
  };

  return {
    cluster,
    asked,
    stored,
    fail(how) {
      broken =
        typeof how === "function"
          ? how
          : () => (how === undefined ? undefined : new BerthError(how, "as the test says"));
      for (const tell of listeners) tell("", "", "put", { metadata: {} }); // a watch that waits meets it too
    },
    touch(kind, name, change = () => {}) {
      const object = structuredClone(found(kind, name));
      change(object);
      keep(kind, name, object, object.metadata.uid);
    },
    drop,
    slow(ms) {
      delayMs = ms;
    },
    answerLate(ms) {
      answerMs = ms;
    },
    count: (verb, kind, sinceMs = Number.NEGATIVE_INFINITY) =>
      asked.filter((one) => one.verb === verb && one.kind === kind && one.atMs >= sinceMs).length,
  };
}

const asKept = <T extends object>(kind: string, object: T): T =>
  kind === "nodes" ? withCanonicalAmounts(object) : object;

/** The one selector that is used here: a name. */
/** There is one node: what is selected by the node's name is selected. */
const isSelected = (selector: string | undefined, name: string | undefined): boolean =>
  selector === undefined || selector.startsWith("spec.nodeName=") || selector === `metadata.name=${name}`;

/** A strategic merge as far as a node's status needs it: conditions by their type, addresses as a whole, null removes. */
function merged(before: Fields, patch: Fields): Fields {
  const result = structuredClone(before);
  for (const [key, value] of Object.entries(patch)) {
    const old = result[key];
    if (value === null) delete result[key];
    else if (key === "conditions") result[key] = byType(old as Condition[] | undefined, value as Condition[]);
    else if (Array.isArray(value)) result[key] = value.filter((one: Fields) => one.$patch === undefined);
    else if (typeof value === "object") result[key] = merged((old ?? {}) as Fields, value as Fields);
    else result[key] = value;
  }
  return result;
}

type Condition = { readonly type: string };

function byType(before: readonly Condition[] = [], patch: readonly Condition[]): Condition[] {
  const types = new Map(before.map((one) => [one.type, one]));
  for (const one of patch) types.set(one.type, { ...types.get(one.type), ...one });
  return [...types.values()];
}
