const LONGEST_MS = 24 * 3_600_000;
/** A token is renewed after so much of its life (node.md 3.9). */
const PART = 0.8;
const EARLIER_MS = 10_000;

/** How long after it came a token is renewed: after 80 % of its life or a day, and up to 10 s earlier by chance. */
export function renewTokenAfterMs(token: string, expirationSeconds: number, fraction: number): number {
  const lifeMs = tokenLifeMs(token, expirationSeconds);
  const soonestMs = Math.min(lifeMs, LONGEST_MS) / 2;
  return Math.max(Math.min(lifeMs * PART, LONGEST_MS) - fraction * EARLIER_MS, soonestMs);
}

/**
 * How long a token is of use: as long as was asked for, or as it tells itself where that is shorter. The host's clock, which may
 * be wrong, has no part in it.
 */
export const tokenLifeMs = (token: string, expirationSeconds: number): number =>
  Math.min(expirationSeconds, lifeSeconds(token) ?? expirationSeconds) * 1000;

/** From a token's own claims. */
function lifeSeconds(token: string): number | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
    if (typeof claims !== "object" || claims === null || !("iat" in claims) || !("exp" in claims)) return undefined;
    const seconds = Number(claims.exp) - Number(claims.iat);
    return seconds > 0 ? seconds : undefined;
  } catch {
    return undefined;
  }
}
