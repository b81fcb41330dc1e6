/** The URL of a proxy. Throws what `broken` makes of the reason, which does not repeat the URL: there may be a password in it. */
export function readProxyUrl(written: string, broken: (why: string) => Error): URL {
  if (!URL.canParse(written)) throw broken("is not a URL");
  const url = new URL(written);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw broken(`begins with ${url.protocol}, and only http:// and https:// proxies are supported`);
  try {
    decodeURIComponent(url.username + url.password);
  } catch {
    throw broken("has a % that is none of its escapes, in the user or the password");
  }
  return url;
}
