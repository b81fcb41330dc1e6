import type { RegistryCredential } from "../pod/credential.ts";

/** What a file, secret or plugin says: registries that fit this pattern take this credential. */
export type Entry = { readonly pattern: string; readonly credential: RegistryCredential };

const HUB = "index.docker.io";

/** The repository of an image with its registry, without tag and digest: `docker.io/library/nginx` (cri-mapping 6.1). */
export function repositoryOf(image: string): string {
  const [name = ""] = image.split("@");
  const colon = name.lastIndexOf(":");
  const bare = colon > name.lastIndexOf("/") ? name.slice(0, colon) : name;
  const slash = bare.indexOf("/");
  const first = slash < 0 ? "" : bare.slice(0, slash);
  const hasHost = /[.:]/.test(first) || first === "localhost" || first.toLowerCase() !== first;
  if (!hasHost) return `docker.io/${slash < 0 ? "library/" : ""}${bare}`;
  if (first !== "docker.io" && first !== HUB) return bare;
  const path = bare.slice(slash + 1);
  return `docker.io/${path.includes("/") ? "" : "library/"}${path}`;
}

/** Credentials whose pattern fits, the longest pattern first; Docker Hub also by its old name (cri-mapping 6.3). */
export function matching(entries: readonly Entry[], repository: string): readonly RegistryCredential[] {
  const sorted = entries
    .map(({ pattern, credential }) => ({ key: keyOf(pattern), credential }))
    .sort((a, b) => (a.key < b.key ? 1 : -1));
  const fitting = sorted.filter(({ key }) => fits(key, repository));
  const onHub = repository.startsWith("docker.io/");
  const found = fitting.length > 0 || !onHub ? fitting : sorted.filter(({ key }) => key === HUB);
  return found.map(({ credential }) => credential);
}

/** Whether a pattern such as `*.example.com:5000/team` covers the repository. */
export const covers = (pattern: string, repository: string): boolean => fits(keyOf(pattern), repository);

/** `host[:port][/path]`, without the scheme and the version of the registry's API. */
function keyOf(pattern: string): string {
  const [host = "", ...path] = pattern.replace(/^[a-z]+:\/\//i, "").split("/");
  if (path[0] === "v1" || path[0] === "v2") path.shift();
  return [host, ...path].join("/").replace(/\/$/, "");
}

function fits(key: string, repository: string): boolean {
  const wanted = partsOf(key);
  const own = partsOf(repository);
  return (
    wanted.port === own.port &&
    wanted.labels.length === own.labels.length &&
    wanted.labels.every((label, at) => globOf(label).test(own.labels[at] ?? "")) &&
    own.path.startsWith(wanted.path)
  );
}

function partsOf(address: string): {
  readonly labels: readonly string[];
  readonly port: string;
  readonly path: string;
} {
  const slash = address.indexOf("/");
  const host = slash < 0 ? address : address.slice(0, slash);
  const [name = "", port = ""] = host.split(":");
  return { labels: name.split("."), port, path: slash < 0 ? "" : address.slice(slash) };
}

/** One label of a host name; `*` and `?` stand for what they usually do. */
const globOf = (label: string): RegExp =>
  new RegExp(
    `^${label
      .replaceAll(/[\\^$+.()|[\]{}]/g, "\\$&")
      .replaceAll(/\*+/g, ".*")
      .replaceAll("?", ".")}$`,
  );
