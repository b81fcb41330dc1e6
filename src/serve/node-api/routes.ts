/** What the node's own API answers (node.md 6.3). */
export type Endpoint =
  | "health"
  | "pods"
  | "runningPods"
  | "config"
  | "metrics"
  | "probeMetrics"
  | "resourceMetrics"
  | "containerMetrics"
  | "summary"
  | "containerLogs"
  | "exec"
  | "attach"
  | "portForward"
  | "run"
  | "checkpoint"
  | "hostLogs"
  | "profile"
  | "unknown";

/** A request's path, understood. */
export type NodeRoute = {
  readonly endpoint: Endpoint;
  /** For whose right of these on the node it is asked; one is enough. */
  readonly subresources: readonly string[];
  readonly parts: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** For metrics: one of a few words. */
  readonly label: string;
};

type Row = {
  readonly path: string;
  readonly endpoint: Endpoint;
  readonly methods: readonly string[];
  /** Goes with enableDebuggingHandlers. */
  readonly debugging?: true;
};

const GET = ["GET", "HEAD"];
const STREAM = ["GET", "POST"];
const POST = ["POST"];

/** `{name}` is one segment, `*` all that follow. */
const ROWS: readonly Row[] = [
  { path: "healthz", endpoint: "health", methods: GET },
  { path: "healthz/{check}", endpoint: "health", methods: GET },
  { path: "pods", endpoint: "pods", methods: GET },
  { path: "runningpods", endpoint: "runningPods", methods: GET, debugging: true },
  { path: "configz", endpoint: "config", methods: GET, debugging: true },
  { path: "metrics", endpoint: "metrics", methods: GET },
  { path: "metrics/probes", endpoint: "probeMetrics", methods: GET },
  { path: "metrics/resource", endpoint: "resourceMetrics", methods: GET },
  { path: "metrics/cadvisor", endpoint: "containerMetrics", methods: GET },
  { path: "stats/summary", endpoint: "summary", methods: ["GET", "HEAD", "POST"] },
  { path: "containerLogs/{namespace}/{pod}/{container}", endpoint: "containerLogs", methods: GET, debugging: true },
  { path: "exec/{namespace}/{pod}/{container}", endpoint: "exec", methods: STREAM, debugging: true },
  { path: "exec/{namespace}/{pod}/{uid}/{container}", endpoint: "exec", methods: STREAM, debugging: true },
  { path: "attach/{namespace}/{pod}/{container}", endpoint: "attach", methods: STREAM, debugging: true },
  { path: "attach/{namespace}/{pod}/{uid}/{container}", endpoint: "attach", methods: STREAM, debugging: true },
  { path: "portForward/{namespace}/{pod}", endpoint: "portForward", methods: STREAM, debugging: true },
  { path: "portForward/{namespace}/{pod}/{uid}", endpoint: "portForward", methods: STREAM, debugging: true },
  { path: "run/*", endpoint: "run", methods: POST, debugging: true },
  { path: "checkpoint/*", endpoint: "checkpoint", methods: POST, debugging: true },
  { path: "logs/*", endpoint: "hostLogs", methods: GET, debugging: true },
  { path: "debug/*", endpoint: "profile", methods: ["GET", "HEAD", "POST", "PUT"], debugging: true },
];

/** Every path that has an answer of its own. */
export const NODE_PATHS: readonly string[] = ROWS.map(({ path }) => path);

/** The rights that the first segment of a path asks for; all others ask for `proxy` alone. */
const SUBRESOURCES: Readonly<Record<string, readonly string[]>> = {
  stats: ["stats"],
  metrics: ["metrics"],
  logs: ["log"],
  checkpoint: ["checkpoint"],
  statusz: ["statusz"],
  flagz: ["configz"],
  pods: ["pods", "proxy"],
  runningpods: ["pods", "proxy"],
  healthz: ["healthz", "proxy"],
  configz: ["configz", "proxy"],
};

/** The route of a request. The rights and the endpoint come from the same reading of its path. */
export function findNodeRoute(url: string): NodeRoute & { readonly row: Row | undefined } {
  const [path = "", ...rest] = url.split("?");
  const segments = segmentsOf(path);
  const first = segments[0] ?? "";
  const found = ROWS.flatMap((row) => {
    const parts = match(row.path.split("/"), segments);
    return parts === undefined ? [] : [{ row, parts }];
  })[0];
  return {
    endpoint: found?.row.endpoint ?? "unknown",
    subresources: (Object.hasOwn(SUBRESOURCES, first) ? SUBRESOURCES[first] : undefined) ?? ["proxy"],
    parts: found?.parts ?? {},
    query: new URLSearchParams(rest.join("?")),
    label: labelOf(found?.row),
    row: found?.row,
  };
}

/** Segments as they are meant; a slash at the end does not count. What cannot be decoded stays as it is, and fits nothing. */
function segmentsOf(path: string): string[] {
  const raw = path.split("/").slice(1);
  if (raw.length > 1 && raw.at(-1) === "") raw.pop();
  try {
    return raw.map(decodeURIComponent);
  } catch {
    return raw;
  }
}

function match(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  const isOpen = pattern.at(-1) === "*";
  const fixed = isOpen ? pattern.slice(0, -1) : pattern;
  if (isOpen ? segments.length < fixed.length : segments.length !== fixed.length) return undefined;
  const parts: Record<string, string> = {};
  for (const [place, word] of fixed.entries()) {
    const segment = segments[place] ?? "";
    if (word.startsWith("{") && segment !== "") parts[word.slice(1, -1)] = segment;
    else if (word !== segment) return undefined;
  }
  return parts;
}

function labelOf(row: Row | undefined): string {
  const [first = "other", second = ""] = row?.path.split("/") ?? [];
  return first === "metrics" && second !== "" ? `${first}/${second}` : first;
}
