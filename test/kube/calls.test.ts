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
    ask: () => calls.whole(call("/"), LIVE),
    watch: async () => (await calls.stream(call("/watch"), LIVE))[Symbol.asyncIterator](),
    renew: () => {
      pair = selfSigned({ commonName: "second" });
    },
  };
}

describe.each([
  ["HTTP/2", overHttp2],
  ["HTTP/1.1", overHttp1],
])("a new certificate (node.md 1.4) over %s", (_protocol, serve) => {
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
