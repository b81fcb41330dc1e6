import { request } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApiDocument, PARAMETERS, ROUTE_ANSWERS } from "../../src/serve/openapi.ts";
import { ROUTES, type Route, type RouteName } from "../../src/serve/routes.ts";
import { SCHEMAS, type Schema, type SchemaName } from "../../src/serve/schemas.ts";
import { type House, makePod, openHouse } from "./house.ts";

/** What of a value does not fit a schema, by path. */
function misfits(schema: Schema, value: unknown, path = "$"): string[] {
  if (schema.$ref !== undefined) return misfits(SCHEMAS[schema.$ref.split("/").at(-1) as SchemaName], value, path);
  if (schema.oneOf !== undefined) {
    const tries = schema.oneOf.map((one) => misfits(one, value, path));
    return tries.some((each) => each.length === 0) ? [] : tries.flat();
  }
  if (schema.enum !== undefined && !schema.enum.includes(value as string)) return [`${path}: ${JSON.stringify(value)}`];
  switch (schema.type) {
    case "object": {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return [`${path}: no object`];
      const fields = value as Record<string, unknown>;
      const missing = (schema.required ?? []).filter((name) => fields[name] === undefined);
      return [
        ...missing.map((name) => `${path}.${name}: missing`),
        ...Object.entries(schema.properties ?? {}).flatMap(([name, one]) =>
          fields[name] === undefined ? [] : misfits(one, fields[name], `${path}.${name}`),
        ),
      ];
    }
    case "array":
      if (!Array.isArray(value)) return [`${path}: no list`];
      return value.flatMap((item, at) => misfits(schema.items ?? {}, item, `${path}[${at}]`));
    case "integer":
      return Number.isInteger(value) && Number(value) >= (schema.minimum ?? Number(value))
        ? []
        : [`${path}: no integer`];
    case undefined:
      return [];
    default:
      return typeof value === schema.type ? [] : [`${path}: no ${schema.type}`];
  }
}

let house: House;
beforeEach(async () => {
  house = await openHouse();
  house.put(makePod("web"));
  const object = { kind: "Pod", namespace: "default", name: "web-node1", uid: "uid-web" } as const;
  house.state.events = [{ type: "Normal", reason: "Started", message: "x", object, atWallMs: 1_767_323_105_000 }];
  house.state.problems = [
    { code: "FieldUnknown", severity: "error", file: "/m/a.yaml", line: 1, column: 1, message: "x", advice: "y" },
  ];
  const some = { namespace: "default", immutable: false, seenWallMs: 1_767_323_105_000, path: "/m/a.yaml" };
  house.state.documents = [
    { ...some, kind: "ConfigMap", name: "settings", type: "", sizes: { a: 1 } },
    { ...some, kind: "Secret", name: "token", type: "Opaque", sizes: { key: 12 } },
  ];
  house.state.holds = [
    {
      subject: "container/main",
      reason: "CrashLoopBackOff",
      message: "x",
      needs: "time",
      until: performance.now() + 5000,
    },
  ];
  house.state.probes = [
    {
      container: "main",
      probe: "liveness",
      result: "passed",
      last: { attempt: "passed", atWallMs: 1, tookMs: 2, output: "" },
    },
  ];
  house.state.containerUsage = () => [
    { podUid: "uid-web", container: "main", id: "id-main", atWallMs: 1, cpuCoreNanoSeconds: 2, workingSetBytes: 3 },
  ];
  house.state.log = async function* () {
    yield Buffer.from("line\n");
  };
});
afterEach(() => house.close());

type Answer = { status: number; type: string; text: string };

/** Reads to the end, or to so many lines of a watch. */
function ask(socketPath: string, method: string, path: string, lines = Number.POSITIVE_INFINITY): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const asked = request({ socketPath, path, method }, (answer) => {
    let text = "";
    const done = (): void =>
      resolve({ status: answer.statusCode ?? 0, type: String(answer.headers["content-type"]), text });
    answer.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if (text.split("\n").length <= lines) return;
      done();
      asked.destroy();
    });
    answer.on("end", done);
    answer.on("error", () => {}); // cut off above
  });
  asked.on("error", reject);
  asked.end();
  return promise;
}

const routes = Object.entries(ROUTES) as [RouteName, Route][];
const pathOf = ({ path }: Route): string => path.replace(":namespace", "default").replace(":name", "web");

describe("the document and the served routes", () => {
  it.each(routes.filter(([name]) => ROUTE_ANSWERS[name].kind === "json"))(
    "%s answers as its schema says",
    async (name, route) => {
      const answer = ROUTE_ANSWERS[name];
      if (answer.kind !== "json") return;
      const { status, type, text } = await ask(house.socket, route.method, pathOf(route));
      expect({ status, type }).toEqual({ status: 200, type: "application/json" });
      expect(misfits({ $ref: `#/${answer.schema}` }, JSON.parse(text))).toEqual([]);
    },
  );

  it.each([
    ["pods", 2],
    ["events", 1],
    ["problems", 1],
  ] as const)("%s with watch=true sends lines as its schema says", async (name, lines) => {
    const answer = ROUTE_ANSWERS[name];
    const { type, text } = await ask(house.socket, "GET", `${ROUTES[name].path}?watch=true`, lines);
    expect(type).toBe("application/x-ndjson");
    const values = text
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    expect(values).toHaveLength(lines);
    if (answer.kind !== "json" || answer.watched === undefined) throw new Error("it is not watched");
    for (const value of values) expect(misfits({ $ref: `#/${answer.watched}` }, value)).toEqual([]);
  });

  it.each(routes)("%s knows its parameters and no others", async (_, route) => {
    for (const parameter of route.query ?? []) expect(Object.keys(PARAMETERS)).toContain(parameter);
    const { status, text } = await ask(house.socket, route.method, `${pathOf(route)}?no-such-parameter=1`);
    expect(status).toBe(400);
    expect(misfits({ $ref: "#/Error" }, JSON.parse(text))).toEqual([]);
  });

  it.each(routes.filter(([, { role }]) => role === "operator"))("%s is not for readers", async (_, route) => {
    const { status, text } = await ask(house.viewSocket, route.method, pathOf(route));
    expect(status).toBe(400);
    expect(text).toContain("operators' socket");
  });

  it.each(routes.filter(([name]) => ROUTE_ANSWERS[name].kind === "stream"))("%s wants an upgrade", async (_, route) => {
    expect(await ask(house.socket, route.method, pathOf(route))).toMatchObject({
      status: 400,
      text: expect.stringContaining("Upgrade: berth-stream/1"),
    });
  });

  it("a log comes as bytes", async () => {
    expect(await ask(house.socket, "GET", pathOf(ROUTES.log))).toEqual({
      status: 200,
      type: "application/octet-stream",
      text: "line\n",
    });
  });

  it("every reference leads somewhere, and every schema is used", () => {
    const text = JSON.stringify(openApiDocument());
    const named = new Set([...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name));
    expect([...named].filter((name) => !(String(name) in SCHEMAS))).toEqual([]);
    expect(Object.keys(SCHEMAS).filter((name) => !named.has(name))).toEqual(["SessionResult"]);
  });

  it("the check itself finds what does not fit", () => {
    expect(misfits({ $ref: "#/Version" }, { version: 1, api: "v2" })).toEqual(["$.version: no string", '$.api: "v2"']);
    expect(misfits({ $ref: "#/Holds" }, { pod: "x" })).toEqual(["$.holds: missing"]);
  });
});
