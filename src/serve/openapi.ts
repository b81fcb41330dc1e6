import { STREAM_PROTOCOL } from "./frames.ts";
import { ROUTES, type Route, type RouteName } from "./routes.ts";
import { SCHEMAS, type Schema, type SchemaName } from "./schemas.ts";

/** What a route answers with: one value, bytes, or an upgraded connection; `watched` is each line of a watch. */
type Answer =
  | { readonly kind: "json"; readonly schema: SchemaName; readonly watched?: SchemaName }
  | { readonly kind: "bytes" }
  | { readonly kind: "stream" };

const json = (schema: SchemaName, watched?: SchemaName): Answer => ({
  kind: "json",
  schema,
  ...(watched === undefined ? {} : { watched }),
});

/** The answer of each route, for the document and for the test that asks them all. */
export const ROUTE_ANSWERS: Readonly<Record<RouteName, Answer>> = {
  version: json("Version"),
  agent: json("Agent"),
  usage: json("Usage"),
  drain: json("Drained"),
  uncordon: json("Drained"),
  gc: json("Garbage"),
  node: json("Node"),
  pods: json("PodList", "PodChange"),
  pod: json("Pod"),
  holds: json("Holds"),
  probes: json("Probes"),
  problems: json("ProblemList", "Problems"),
  configmaps: json("ConfigMapList"),
  secrets: json("SecretList"),
  events: json("EventList", "Event"),
  log: { kind: "bytes" },
  restart: json("Restarted"),
  exec: { kind: "stream" },
  attach: { kind: "stream" },
  portForward: { kind: "stream" },
};

/** Every parameter of a query, with its meaning. */
export const PARAMETERS: Readonly<Record<string, { readonly schema: Schema; readonly help: string }>> = {
  namespace: { schema: { type: "string" }, help: "Only this namespace." },
  name: { schema: { type: "string" }, help: "Only the pod of this name: its full one, or its manifest's." },
  dryRun: { schema: { type: "boolean" }, help: "Nothing is removed." },
  watch: { schema: { type: "boolean" }, help: "Goes on: one JSON value a line (application/x-ndjson)." },
  container: { schema: { type: "string" }, help: "The container; else the annotated or first one." },
  follow: { schema: { type: "boolean" }, help: "Goes on as the log grows, over restarts." },
  previous: { schema: { type: "boolean" }, help: "The instance before the newest one." },
  tailLines: { schema: { type: "integer", minimum: 0 }, help: "Only so many of the last lines." },
  sinceSeconds: { schema: { type: "integer", minimum: 0 }, help: "Only what is not older than this." },
  sinceTime: { schema: { type: "string" }, help: "Only what is not older than this moment (RFC 3339)." },
  timestamps: { schema: { type: "boolean" }, help: "Each line begins with its time." },
  limitBytes: { schema: { type: "integer", minimum: 0 }, help: "Ends after so many bytes." },
  command: { schema: { type: "array", items: { type: "string" } }, help: "The command, once for each word." },
  stdin: { schema: { type: "boolean" }, help: "Frames of stdin are passed on." },
  tty: { schema: { type: "boolean" }, help: "With a terminal; its size comes in resize frames." },
  port: { schema: { type: "integer", minimum: 1, maximum: 65_535 }, help: "The port inside the pod." },
};

/** The document of the whole API (OpenAPI 3.1). */
export function openApiDocument(): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const [name, route] of Object.entries(ROUTES) as [RouteName, Route][]) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(name, route) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Berth's sockets", version: "v1", description: "See docs/api.md." },
    servers: [{ url: "http://localhost", description: "Over the Unix socket of operators or of readers." }],
    paths,
    components: { schemas: SCHEMAS },
  };
}

function operation(name: RouteName, route: Route): object {
  const inPath = [...route.path.matchAll(/:(\w+)/g)].map(([, part = ""]) => ({
    name: part,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const inQuery = (route.query ?? []).map((parameter) => ({
    name: parameter,
    in: "query",
    description: PARAMETERS[parameter]?.help,
    schema: PARAMETERS[parameter]?.schema,
  }));
  const failure = { description: "What went wrong.", content: { "application/json": { schema: reference("Error") } } };
  return {
    operationId: name,
    summary: route.help,
    "x-role": route.role,
    ...(inPath.length + inQuery.length > 0 ? { parameters: [...inPath, ...inQuery] } : {}),
    responses: { ...success(ROUTE_ANSWERS[name]), default: failure },
  };
}

const reference = (name: SchemaName): Schema => ({ $ref: `#/components/schemas/${name}` });

function success(answer: Answer): object {
  switch (answer.kind) {
    case "json":
      return {
        200: {
          description: answer.watched === undefined ? "The answer." : "The answer; with watch=true lines of JSON.",
          content: {
            "application/json": { schema: reference(answer.schema) },
            ...(answer.watched === undefined ? {} : { "application/x-ndjson": { schema: reference(answer.watched) } }),
          },
        },
      };
    case "bytes":
      return {
        200: {
          description: "The log as it is.",
          content: { "application/octet-stream": { schema: { type: "string" } } },
        },
      };
    case "stream":
      return { 101: { description: `The connection speaks ${STREAM_PROTOCOL} from here on.` } };
  }
}
