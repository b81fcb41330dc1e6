import { CHANNEL, STREAM_PROTOCOL } from "./frames.ts";
import { PARAMETERS, ROUTE_ANSWERS } from "./openapi.ts";
import { ROUTES, type Route, type RouteName } from "./routes.ts";

/** The page docs/api.md, from the table of routes. */
export function apiPage(): string {
  const rows = (Object.entries(ROUTES) as [RouteName, Route][]).map(([name, route]) => {
    const query = (route.query ?? []).map((parameter) => `\`${parameter}\``).join(", ");
    return `| \`${route.method} ${route.path}\` | ${route.role} | ${query} | ${route.help} ${answerWords(name)} |`;
  });
  const parameters = Object.entries(PARAMETERS).map(([name, { help }]) => `| \`${name}\` | ${help} |`);
  return `# The sockets' API

berthd answers HTTP on two Unix sockets. \`berth\` uses nothing else, and neither need you:

    curl --unix-socket /run/berth/berth.sock http://localhost/v1/pods

The document for machines is [openapi.json](openapi.json). Both are made from the table of routes (\`src/serve/routes.ts\`), and a
test holds every answer to them.

## Versions

The version stands in the path. Within \`v1\` fields and routes are added and never taken away or given another meaning; a reader
passes over what it does not know. What would break a reader comes as \`v2\` beside \`v1\`.

## Two roles

| Socket | Role | May |
|---|---|---|
| \`/run/berth/berth.sock\` (root:berth 0660) | operator | everything |
| \`/run/berth/berth-view.sock\` (root:berth-view 0660) | reader | what is marked \`reader\`; pods come without values of variables, without probe headers, and without what containers wrote into their termination messages when those are made of logs |

A reader that asks for more gets an error. There is no other check: whoever may open a socket has its role.

## Routes

| Route | Role | Query | What it does |
|---|---|---|---|
${rows.join("\n")}

| Parameter | Meaning |
|---|---|
${parameters.join("\n")}

A parameter that a route does not know is an error, so that a typing mistake is not passed over. Yes and no are \`true\` and
\`false\`. \`:name\` is a pod's full name or its manifest's; a name that fits two pods is answered with 409 and both of them.

## Errors

Every answer that is no success has this body, with a code of [errors.md](errors.md):

    {"error": {"code": "NotFound", "message": "pod \\"web\\" not found in namespace \\"default\\""}}

400 stands for a request that makes no sense, 404 for what is not there, 409 for an ambiguous name, 503 and 504 for a runtime
that is away or does not answer, 500 for the rest.

## Watching

With \`watch=true\` the answer goes on, one JSON value a line. Pods: first a \`put\` for every pod there is, then \`synced\`, and from
then on only what differs: a \`put\` for each pod that changed, a \`gone\` for each that is no more. A reader that is slow misses
versions in between, never the newest, so that it costs berthd no more than a quick one; one that takes nothing for a minute is
cut off. To follow a host from elsewhere keep one such request open, begin anew when it ends, and forget what the new list does
not hold when \`synced\` comes.

    curl -sN --unix-socket /run/berth/berth.sock 'http://localhost/v1/pods?watch=true'

    {"kind":"put","pod":{"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"default","name":"web-box", ...}, ...}}
    {"kind":"synced"}
    {"kind":"gone","key":"default/web-box"}

A \`put\` has the whole pod; a pod's key is its namespace and its full name.

Events come as they are kept, then each as it happens. Problems come as the whole list, again after each change: there are few.

## Streams

\`exec\`, \`attach\` and \`portforward\` want \`Connection: Upgrade\` and \`Upgrade: ${STREAM_PROTOCOL}\`. After the answer 101 both sides send
frames: one byte for the channel, four for the length of what follows (most significant first), then so many bytes, 256 KiB at
most.

| Channel | Number | From | Holds |
|---|---|---|---|
| stdin | ${CHANNEL.stdin} | client | bytes for the program, or for the port |
| stdout | ${CHANNEL.stdout} | berthd | bytes of the program, or of the port |
| stderr | ${CHANNEL.stderr} | berthd | bytes |
| result | ${CHANNEL.result} | berthd | the last frame: \`{"kind": "exited", "exitCode": 0}\` or \`{"kind": "failed", "message": "..."}\` |
| resize | ${CHANNEL.resize} | client | \`{"width": 80, "height": 24}\` |
| stdinEnd | ${CHANNEL.stdinEnd} | client | nothing: stdin ends here, and output goes on |

Each forwarded connection is one request of its own.
`;
}

function answerWords(name: RouteName): string {
  const answer = ROUTE_ANSWERS[name];
  return answer.kind === "json" ? `(\`${answer.schema}\`)` : "";
}
