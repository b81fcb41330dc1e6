import { afterEach, describe, expect, it } from "vitest";
import { makeCalls } from "../../src/kube/calls.ts";
import type { CertifiedKey } from "../../src/kube/certificate-facts.ts";
import type { Credentials } from "../../src/kube/credentials.ts";
import { silentMeter } from "../../src/pod/metrics.ts";
import { selfSigned } from "../kit/certificates.ts";
import { overHttp1, overHttp2 } from "./greeter.ts";

const LIVE = new AbortController().signal;
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0).reverse()) close();
});

function calling(port: number) {
  const counted: Readonly<Record<string, string>>[] = [];
  let pair: CertifiedKey = selfSigned({ commonName: "first" });
  const current = async (): Promise<Credentials> => ({
    server: new URL(`https://127.0.0.1:${port}`),
    tls: { insecure: true, ...pair },
  });
  const calls = makeCalls({
    credentials: { current, place: current, refused: () => {} },
    userAgent: "test",
    timeoutMs: 10_000,
    meter: { ...silentMeter, add: (name, labels) => void counted.push({ name, ...labels }) },
  });
  closing.push(() => calls.disconnect());
  const call = (path: string) => ({ doing: "asking", method: "GET" as const, path });
  return {
    counted,
    ask: (signal = LIVE) => calls.whole(call("/"), signal),
    watch: async () => (await calls.stream(call("/watch"), LIVE))[Symbol.asyncIterator](),
    renew: () => {
      pair = selfSigned({ commonName: "second" });
    },
  };
}

describe.each([
  // A connection of HTTP/2 is for all, so that one that was dialled in vain serves the next call.
  ["HTTP/2", overHttp2, 1],
  ["HTTP/1.1", overHttp1, 0],
])("a new certificate (node.md 1.4) over %s", (_protocol, serve, left) => {
  it("is shown by the next call, while what is under way ends by itself, and its connection after it", async () => {
    const server = await serve();
    closing.push(server.close);
    const { ask, watch, renew } = calling(server.port);
    const stream = await watch();
    expect(String((await stream.next()).value)).toBe("first\n");
    expect(await ask()).toBe("first\n");
    renew();
    expect(await ask()).toBe("second\n");
    expect(server.open()).toBeGreaterThanOrEqual(2);
    server.end();
    expect(await stream.next()).toMatchObject({ done: true });
    await expect.poll(server.open, { timeout: 30_000 }).toBe(1);
    expect(await ask()).toBe("second\n");
  });

  it("leaves no connection behind that was being made when it came", async () => {
    const server = await serve();
    closing.push(server.close);
    const { ask, renew } = calling(server.port);
    const early = [ask(), ask()];
    await new Promise(setImmediate); // they dial; no connection stands within one turn of the loop
    renew();
    expect(await ask()).toBe("second\n");
    expect(await Promise.all(early)).toEqual(["first\n", "first\n"]);
    await expect.poll(server.open, { timeout: 30_000 }).toBe(1);
    expect(await ask()).toBe("second\n");
  });

  it.each(["after", "while"])("leaves none that nobody waits for, as it comes %s it is being made", async (when) => {
    const server = await serve();
    closing.push(server.close);
    const { ask, renew } = calling(server.port);
    const gone = new AbortController();
    const early = ask(gone.signal);
    await new Promise(setImmediate);
    const renewed = (): Promise<string> => {
      renew();
      return ask();
    };
    const next = when === "while" ? renewed() : undefined;
    gone.abort(new Error("gone"));
    await expect(early).rejects.toThrow("gone");
    if (when === "after") await expect.poll(server.open, { timeout: 30_000 }).toBe(left);
    expect(await (next ?? renewed())).toBe("second\n");
    await expect.poll(server.open, { timeout: 30_000 }).toBe(1);
    expect(await ask()).toBe("second\n");
  });

  it("is not what makes connections: the same one keeps them", async () => {
    const server = await serve();
    closing.push(server.close);
    const { ask, counted } = calling(server.port);
    for (let again = 0; again < 5; again += 1) expect(await ask()).toBe("first\n");
    const one = { name: "rest_client_requests_total", code: "200", method: "GET", host: `127.0.0.1:${server.port}` };
    expect(counted).toEqual(Array.from({ length: 5 }, () => one));
    expect(server.open()).toBeLessThanOrEqual(1);
  });
});
