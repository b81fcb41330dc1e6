/**
 * Every route of the sockets' API: code, the role check and docs/api.md follow from this table. `:name` stands for one part of
 * the path. Operators may do everything, readers what is marked for them.
 */
export const ROUTES = {
  version: { method: "GET", path: "/v1/version", role: "reader", help: "Versions of Berth and of this API." },
  agent: {
    method: "GET",
    path: "/v1/agent",
    role: "reader",
    help: "What `berth` must know of berthd: node, directories, the runtime's endpoint, and whether the host is drained.",
  },
  usage: {
    method: "GET",
    path: "/v1/usage",
    role: "reader",
    help: "What the node and its containers use now. Processor time is counted from the start: two answers give a rate.",
  },
  drain: {
    method: "POST",
    path: "/v1/drain",
    role: "operator",
    help: "Ends all pods of the manifest directory with their grace and starts none until `uncordon`, also after a restart.",
  },
  uncordon: {
    method: "POST",
    path: "/v1/uncordon",
    role: "operator",
    help: "Runs the pods of the manifest directory again.",
  },
  gc: {
    method: "POST",
    path: "/v1/gc",
    role: "operator",
    query: ["dryRun"],
    help: "Removes all images that no container and no pod uses and that are not pinned. With `dryRun=true` it only names them.",
  },
  node: { method: "GET", path: "/v1/node", role: "reader", help: "The node as a v1 Node." },
  pods: {
    method: "GET",
    path: "/v1/pods",
    role: "reader",
    query: ["namespace", "name", "watch"],
    help: "v1 PodList with live status. With `watch=true` one JSON value a line: `put` for every pod there is, `synced`, then a `put` or `gone` for each change.",
  },
  pod: {
    method: "GET",
    path: "/v1/pods/:namespace/:name",
    role: "reader",
    help: "One v1 Pod with live status, by its full name or its manifest's name.",
  },
  holds: {
    method: "GET",
    path: "/v1/pods/:namespace/:name/holds",
    role: "reader",
    help: "Why the pod is not further.",
  },
  probes: {
    method: "GET",
    path: "/v1/pods/:namespace/:name/probes",
    role: "reader",
    help: "What the probes of the pod's running containers have shown.",
  },
  problems: {
    method: "GET",
    path: "/v1/problems",
    role: "reader",
    query: ["watch"],
    help: "What somebody must mend in the sources. With `watch=true` the whole list again, one a line, after each change.",
  },
  configmaps: {
    method: "GET",
    path: "/v1/configmaps",
    role: "reader",
    query: ["namespace"],
    help: "The ConfigMaps that pods may use, with the size of each value in place of the value.",
  },
  secrets: {
    method: "GET",
    path: "/v1/secrets",
    role: "reader",
    query: ["namespace"],
    help: "The same of Secrets.",
  },
  events: {
    method: "GET",
    path: "/v1/events",
    role: "reader",
    query: ["namespace", "watch"],
    help: "v1 EventList, by their last time. With `watch=true` one v1 Event a line: all there are, then each as it happens again.",
  },
  log: {
    method: "GET",
    path: "/v1/pods/:namespace/:name/log",
    role: "operator",
    query: ["container", "follow", "previous", "tailLines", "sinceSeconds", "sinceTime", "timestamps", "limitBytes"],
    help: "A container's log as bytes. With `follow=true` it goes on over rotations and restarts until the container has ended for good.",
  },
  restart: {
    method: "POST",
    path: "/v1/pods/:namespace/:name/restart",
    role: "operator",
    query: ["container"],
    help: "Restarts one container, or all app containers; the answer names them.",
  },
  exec: {
    method: "POST",
    path: "/v1/pods/:namespace/:name/exec",
    role: "operator",
    query: ["container", "command", "stdin", "tty"],
    help: "Runs a command, one `command` for each word; upgrades the connection to `berth-stream/1`.",
  },
  attach: {
    method: "POST",
    path: "/v1/pods/:namespace/:name/attach",
    role: "operator",
    query: ["container", "stdin"],
    help: "Joins a running container's own process; upgrades the connection to `berth-stream/1`.",
  },
  portForward: {
    method: "POST",
    path: "/v1/pods/:namespace/:name/portforward",
    role: "operator",
    query: ["port"],
    help: "One connection to a port inside the pod; upgrades the connection to `berth-stream/1`, where `stdin` is what is sent and `stdout` what is received.",
  },
} as const satisfies Record<string, Route>;

export type Route = {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly role: Role;
  readonly query?: readonly string[];
  readonly help: string;
};
export type Role = "operator" | "reader";
export type RouteName = keyof typeof ROUTES;

/** What a request asks for. */
export type Asked = {
  readonly route: RouteName;
  /** The parts that `:name` stands for. */
  readonly parts: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
};

/** Why a request asks for nothing that there is. */
export type NotAsked = { readonly kind: "unknown" | "forbidden" | "badQuery"; readonly message: string };

/** Finds the route of a request and checks that the role may use it. */
export function findRoute(role: Role, method: string, url: string): Asked | NotAsked {
  const asked = URL.parse(url, "http://berth");
  if (asked === null) return { kind: "badQuery", message: `${JSON.stringify(url)} is not a path` };
  const { pathname, searchParams } = asked;
  const path = decodePath(pathname);
  if (path === undefined) return { kind: "badQuery", message: `${pathname} is not well encoded` };
  for (const [name, route] of Object.entries(ROUTES) as [RouteName, Route][]) {
    const parts = matchPath(route.path, path);
    if (parts === undefined || route.method !== method) continue;
    if (route.role === "operator" && role === "reader") {
      return { kind: "forbidden", message: `this socket is for readers; ${pathname} needs the operators' socket` };
    }
    const strange = [...searchParams.keys()].find((key) => !(route.query ?? []).includes(key));
    if (strange !== undefined) return { kind: "badQuery", message: `${route.path} has no parameter ${strange}` };
    return { route: name, parts, query: searchParams };
  }
  return { kind: "unknown", message: `there is no ${method} ${pathname}` };
}

function decodePath(pathname: string): string[] | undefined {
  try {
    return pathname.split("/").map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

function matchPath(pattern: string, given: readonly string[]): Record<string, string> | undefined {
  const wanted = pattern.split("/");
  if (wanted.length !== given.length) return undefined;
  const parts: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const found = given[index] ?? "";
    if (part.startsWith(":")) parts[part.slice(1)] = found;
    else if (part !== found) return undefined;
  }
  return parts;
}
