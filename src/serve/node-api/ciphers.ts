/** Suites by the names of Go's library, which the configuration uses, as OpenSSL's list. */
export function cipherList(suites: readonly string[]): string {
  return suites.map(opensslName).join(":");
}

/** `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` is `ECDHE-RSA-AES128-GCM-SHA256`; names of TLS 1.3 are the same in both. */
function opensslName(suite: string): string {
  const [, exchange, cipher] = /^TLS_(.+)_WITH_(.+)$/.exec(suite) ?? [];
  if (exchange === undefined || cipher === undefined) return suite;
  const named = cipher
    .replace(/^AES_(\d+)_/, "AES$1_")
    .replace("_CBC", "")
    .replace(/^CHACHA20_POLY1305.*/, "CHACHA20_POLY1305")
    .replace("3DES_EDE", "DES_CBC3");
  return `${exchange === "RSA" ? "" : `${exchange}_`}${named}`.replaceAll("_", "-");
}
