import { Server, ServerCredentials, type sendUnaryData } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeCodec } from "../../src/base/protobuf.ts";
import { MESSAGES, METHODS } from "../../src/handler/generated/tables.ts";
import { grpcCheck } from "../../src/handler/grpc.ts";

const codec = makeCodec(MESSAGES);
const server = new Server();
let address = "";
let userAgent = "";
const answers: Record<string, number | undefined> = { "": 1, sick: 2, odd: 77 };

beforeAll(async () => {
  const definition = {
    Check: {
      path: METHODS.Check.path,
      requestStream: false,
      responseStream: false,
      requestDeserialize: (bytes: Buffer) => codec.decode(METHODS.Check.request, bytes),
      requestSerialize: (message: object) => codec.encode(METHODS.Check.request, message),
      responseDeserialize: (bytes: Buffer) => codec.decode(METHODS.Check.response, bytes),
      responseSerialize: (message: object) => codec.encode(METHODS.Check.response, message),
    },
  };
  server.addService(definition, {
    Check: (
      call: { request: { service: string }; metadata: { get(name: string): unknown[] } },
      done: sendUnaryData<object>,
    ) => {
      userAgent = String(call.metadata.get("user-agent")[0]);
      if (call.request.service === "hang") return;
      const status = answers[call.request.service];
      if (status === undefined) done({ code: 5, details: "unknown service" });
      else done(null, { status });
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  address = `127.0.0.1:${port}`;
});
afterAll(() => server.forceShutdown());

describe("grpc probes (R19)", () => {
  const check = (service: string, timeoutMs = 5_000) =>
    grpcCheck(address, service, "kube-probe/1.36", AbortSignal.timeout(timeoutMs));

  it("takes SERVING as healthy, and says who asks", async () => {
    await check("");
    expect(userAgent).toMatch(/^kube-probe\/1\.36/);
  });

  it.each([
    ["sick", "service unhealthy (responded with NOT_SERVING)"],
    ["odd", "service unhealthy (responded with 77)"],
    ["missing", "unknown service"],
  ])("fails for %s", async (service, message) => {
    await expect(check(service)).rejects.toThrow(message);
  });

  it("fails when its time is over, and when nobody listens", async () => {
    await expect(check("hang", 50)).rejects.toThrow();
    await expect(grpcCheck("127.0.0.1:1", "", "x", AbortSignal.timeout(2_000))).rejects.toThrow();
  });
});
