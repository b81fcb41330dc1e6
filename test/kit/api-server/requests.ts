/** One request, taken apart. */
export type Asked = {
  readonly method: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
  readonly query: URLSearchParams;
};

const PATH = /^\/(?:api\/v1|apis\/[^/]+\/[^/]+)\/(?:namespaces\/([^/]+)\/)?([a-z]+)(?:\/([^/]+)(?:\/([a-z]+))?)?$/;

/** Undefined: a path that no API has. */
export function asked(method: string, url: string): Asked | undefined {
  const { pathname, searchParams } = new URL(url, "http://localhost");
  const match = PATH.exec(pathname);
  if (match === null) return undefined;
  const [, namespace, resource = "", name, subresource] = match.map((part) =>
    part === undefined ? undefined : decodeURIComponent(part),
  );
  return {
    method,
    resource: resource ?? "",
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
    query: searchParams,
  };
}
