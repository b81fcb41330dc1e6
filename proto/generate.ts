/**
 * Writes what TypeScript needs to know of the .proto files: `node proto/generate.ts`. The results are committed, so that
 * neither building nor running parses a .proto file, and a test holds the two together.
 */
import { writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import protobuf from "protobufjs";

const ROOT = resolve(import.meta.dirname, "..");

/** Each .proto file and the directory that its results go to. */
const FILES = [
  { proto: "proto/runtime/v1/api.proto", package: "runtime.v1", into: "src/cri/generated" },
  { proto: "proto/grpc/health/v1/health.proto", package: "grpc.health.v1", into: "src/handler/generated" },
] as const;

const TYPES_NOTE = `// Messages as they are received: complete, a message that was not sent being undefined. To be sent: Draft<...> of them.
// Enum values are plain numbers, since a newer runtime may know more of them.

`;

/** What one .proto file holds, in its own order. */
export type Definitions = {
  readonly services: readonly protobuf.Service[];
  readonly messages: readonly protobuf.Type[];
  readonly enums: readonly protobuf.Enum[];
};

/** Parses one .proto file of this directory. */
export function parse(proto: string, packageName: string): Definitions {
  const root = new protobuf.Root();
  root.loadSync(join(ROOT, proto), { keepCase: true, alternateCommentMode: true });
  root.resolveAll();
  const all = root.lookup(packageName);
  if (!(all instanceof protobuf.Namespace)) throw new Error(`${proto} does not hold package ${packageName}`);
  const nested = [...within(all)];
  return {
    services: nested.filter((one) => one instanceof protobuf.Service),
    messages: nested.filter((one) => one instanceof protobuf.Type),
    enums: nested.filter((one) => one instanceof protobuf.Enum),
  };
}

function* within(parent: protobuf.NamespaceBase): Iterable<protobuf.ReflectionObject> {
  for (const one of parent.nestedArray) {
    yield one;
    if (one instanceof protobuf.Namespace) yield* within(one);
  }
}

/** All results: path from the top of the repository, and text. */
export function generate(): ReadonlyMap<string, string> {
  const results = new Map<string, string>();
  for (const file of FILES) {
    const definitions = parse(file.proto, file.package);
    const head = `// Written by proto/generate.ts from ${file.proto}: change that and run it again.\n\n`;
    results.set(`${file.into}/types.ts`, head + TYPES_NOTE + typesText(definitions));
    results.set(`${file.into}/tables.ts`, head + tablesText(definitions));
  }
  return results;
}

function typesText({ services, messages, enums }: Definitions): string {
  const methods = services.flatMap((service) => service.methodsArray);
  return [
    ...enums.map(enumText),
    ...messages.map(interfaceText),
    callsText("Calls that get one answer: request and response.", "UnaryCalls", methods, false),
    callsText("Calls that get a stream of answers: request and each response.", "StreamCalls", methods, true),
  ].join("\n");
}

function enumText(one: protobuf.Enum): string {
  const values = Object.entries(one.values).map(([name, number]) => `${name}: ${number}`);
  const line = `export const ${one.name} = { ${values.join(", ")} } as const;`;
  const text = line.length <= 120 ? line : `export const ${one.name} = {\n${fill(values)}} as const;`;
  return `/** ${commentOf(one)} */\n${text}\nexport type ${one.name} = number;\n`;
}

/** Values several to a line: a list of sixty signals is no reading matter. */
function fill(values: readonly string[]): string {
  const lines = [""];
  for (const value of values) {
    const longer = `${lines.at(-1)} ${value},`;
    if (longer.length <= 118) lines[lines.length - 1] = longer;
    else lines.push(` ${value},`);
  }
  return lines.map((line) => ` ${line}\n`).join("");
}

function interfaceText(message: protobuf.Type): string {
  const fields = message.fieldsArray.map((field) => ({
    text: `${field.name}: ${typescriptOf(field)}`,
    comment: field.comment,
  }));
  const doc = `/** ${commentOf(message)} */\n`;
  if (fields.length === 0) return `${doc}export type ${message.name} = Record<never, never>;\n`;
  const line = `export interface ${message.name} { ${fields.map((field) => field.text).join("; ")} }`;
  if (line.length <= 120 && fields.every((field) => field.comment === null)) return `${doc}${line}\n`;
  const lines = fields.flatMap(({ text, comment }) => [
    ...(comment === null ? [] : [`  /** ${comment} */`]),
    `  ${text};`,
  ]);
  return `${doc}export interface ${message.name} {\n${lines.join("\n")}\n}\n`;
}

function callsText(doc: string, name: string, methods: readonly protobuf.Method[], streams: boolean): string {
  const lines = methods
    .filter((method) => (method.responseStream === true) === streams)
    .map((method) => `  ${method.name}: [${method.requestType}, ${method.responseType}];`);
  return `/** ${doc} */\nexport interface ${name} {\n${lines.join("\n")}\n}\n`;
}

function tablesText({ services, messages }: Definitions): string {
  const methods = services.flatMap((service) => service.methodsArray.map((method) => methodText(service, method)));
  const tables = messages.map(
    (message) => `  ${message.name}: "${message.fieldsArray.map((field) => definitionOf(field)).join(" ")}",`,
  );
  return [
    "/** Every call: its path, and the messages that go out and come back. */",
    "export const METHODS = {",
    ...methods,
    "} as const;",
    "",
    "/** Every message, as src/base/protobuf.ts reads it. */",
    "export const MESSAGES = {",
    ...tables,
    "} as const;",
    "",
  ].join("\n");
}

function methodText(service: protobuf.Service, method: protobuf.Method): string {
  const path = `/${service.fullName.slice(1)}/${method.name}`;
  return `  ${method.name}: { path: "${path}", request: "${method.requestType}", response: "${method.responseType}" },`;
}

function definitionOf(field: protobuf.Field): string {
  return `${field.name}=${field.id}:${tableTypeOf(field)}${field.repeated ? "[]" : ""}`;
}

function tableTypeOf(field: protobuf.Field): string {
  refuseUnknown(field);
  if (field.map) return "map";
  if (field.resolvedType instanceof protobuf.Enum) return "enum";
  return field.resolvedType?.name ?? field.type;
}

const SCALARS = new Map([
  ["int32", "number"],
  ["uint32", "number"],
  ["double", "number"],
  ["int64", "bigint"],
  ["uint64", "bigint"],
  ["bool", "boolean"],
  ["string", "string"],
  ["bytes", "Uint8Array"],
]);

function typescriptOf(field: protobuf.Field): string {
  refuseUnknown(field);
  if (field.map) return "Record<string, string>";
  const scalar = SCALARS.get(field.type);
  if (scalar !== undefined) return field.repeated ? `${scalar}[]` : scalar;
  const name = field.resolvedType?.name ?? field.type;
  if (field.repeated) return `${name}[]`;
  return field.resolvedType instanceof protobuf.Enum ? name : `${name} | undefined`;
}

/** The reader and writer know what CRI uses; anything else has to be taught to them first. */
function refuseUnknown(field: protobuf.Field): void {
  const where = `${field.fullName} is of a sort that src/base/protobuf.ts does not know`;
  if (field.partOf !== null) throw new Error(`${where}: oneof or optional`);
  if (field instanceof protobuf.MapField && (field.keyType !== "string" || field.type !== "string")) {
    throw new Error(`${where}: map of ${field.keyType} to ${field.type}`);
  }
  if (field.resolvedType === null && !SCALARS.has(field.type)) throw new Error(`${where}: ${field.type}`);
}

function commentOf(one: protobuf.ReflectionObject): string {
  if (one.comment === null) throw new Error(`${one.fullName} has no comment`);
  return one.comment.replaceAll("\n", " ");
}

if (import.meta.main) {
  for (const [path, text] of generate()) {
    writeFileSync(join(ROOT, path), text);
    console.log(relative(process.cwd(), join(ROOT, path)));
  }
}
