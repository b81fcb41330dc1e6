/** An image reference by the distribution grammar. */
export type ImageReference =
  | { readonly kind: "image"; readonly tag?: string; readonly digest?: string }
  | { readonly kind: "bad"; readonly reason: string };

const COMPONENT = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;
const HOST =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::\d+)?$/;
const HEX_LENGTHS: ReadonlyMap<string, number> = new Map([
  ["sha256", 64],
  ["sha384", 96],
  ["sha512", 128],
]);
const LONGEST_NAME = 255;
const LONGEST_REFERENCE = 1024;
const BAD_FORMAT = "invalid reference format";

/** Takes a reference apart (cri-mapping 6.1). */
export function parseImage(text: string): ImageReference {
  if (text.length > LONGEST_REFERENCE) return bad(BAD_FORMAT);
  const [rest = "", digest, ...more] = text.split("@");
  if (more.length > 0 || (digest !== undefined && !isDigest(digest))) return bad(BAD_FORMAT);
  const { name, tag } = splitTag(rest);
  if (tag !== undefined && !TAG.test(tag)) return bad(BAD_FORMAT);
  const reason = nameProblem(name);
  if (reason !== undefined) return bad(reason);
  return { kind: "image", ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/** A colon behind the last slash parts the tag; before it, it belongs to the host's port. */
function splitTag(rest: string): { name: string; tag?: string } {
  const colon = rest.lastIndexOf(":");
  if (colon <= rest.lastIndexOf("/")) return { name: rest };
  return { name: rest.slice(0, colon), tag: rest.slice(colon + 1) };
}

function nameProblem(name: string): string | undefined {
  if (/^[a-f0-9]{64}$/.test(name)) return "cannot specify 64-byte hexadecimal strings";
  const components = name.split("/");
  const host = components.length > 1 && isHost(components[0] ?? "") ? components.shift() : undefined;
  if (host !== undefined && !HOST.test(host)) return BAD_FORMAT;
  const path = components.join("/");
  if (path.toLowerCase() !== path) return `${BAD_FORMAT}: repository name (${path}) must be lowercase`;
  if (!components.every((component) => COMPONENT.test(component))) return BAD_FORMAT;
  if (path.length > LONGEST_NAME) return `repository name must not be more than ${LONGEST_NAME} characters`;
  return undefined;
}

/** The first part of a name is a host when it could not be a part of a path on Docker Hub. */
const isHost = (first: string): boolean => /[.:]/.test(first) || first === "localhost" || first.toLowerCase() !== first;

function isDigest(digest: string): boolean {
  if (!DIGEST.test(digest)) return false;
  const [algorithm = "", hex = ""] = digest.split(":");
  const length = HEX_LENGTHS.get(algorithm);
  return length === undefined || length === hex.length;
}

const bad = (reason: string): ImageReference => ({ kind: "bad", reason });

/** The pull policy of a container that names none (1.3). */
export function defaultPullPolicy(image: string): "Always" | "IfNotPresent" {
  const parsed = parseImage(image);
  if (parsed.kind === "bad") return "IfNotPresent";
  const latest = parsed.tag === "latest" || (parsed.tag === undefined && parsed.digest === undefined);
  return latest ? "Always" : "IfNotPresent";
}

/** What goes to the runtime (B12): the name as written, with `:latest` when it has neither tag nor digest. */
export function imageForRuntime(image: string): { imageRef: string } | { imageProblem: string } {
  const parsed = parseImage(image);
  if (parsed.kind === "bad")
    return { imageProblem: `couldn't parse image name ${JSON.stringify(image)}: ${parsed.reason}` };
  return { imageRef: parsed.tag === undefined && parsed.digest === undefined ? `${image}:latest` : image };
}
