import { Client, credentials } from "@grpc/grpc-js";
import { makeCodec } from "../base/protobuf.ts";
import { MESSAGES, METHODS } from "./generated/tables.ts";
import { type HealthCheckResponse, ServingStatus } from "./generated/types.ts";

const codec = makeCodec(MESSAGES);

/**
 * Asks a server's health service about one service name over a connection of its own, in the clear (R19). Throws when it
 * does not answer SERVING, and when the signal ends it: connect and call share its time.
 */
export async function grpcCheck(
  address: string,
  service: string,
  userAgent: string,
  signal: AbortSignal,
): Promise<void> {
  const client = new Client(address, credentials.createInsecure(), {
    "grpc.primary_user_agent": userAgent,
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_http_proxy": 0,
    "grpc.enable_retries": 0,
    "grpc.service_config_disable_resolution": 1,
  });
  try {
    const { status } = await check(client, service, signal);
    if (status !== ServingStatus.SERVING) throw new Error(`service unhealthy (responded with ${nameOf(status)})`);
  } finally {
    client.close();
  }
}

function check(client: Client, service: string, signal: AbortSignal): Promise<HealthCheckResponse> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const call = client.makeUnaryRequest(
      METHODS.Check.path,
      (request: { service: string }) => codec.encode(METHODS.Check.request, request),
      (bytes) => codec.decode(METHODS.Check.response, bytes) as HealthCheckResponse,
      { service },
      (error, answer) => {
        signal.removeEventListener("abort", giveUp);
        if (error !== null) return reject(new Error(error.details));
        if (answer === undefined) return reject(new Error("the answer is empty"));
        resolve(answer);
      },
    );
    const giveUp = (): void => call.cancel();
    signal.addEventListener("abort", giveUp, { once: true });
  });
}

const nameOf = (status: number): string =>
  Object.entries(ServingStatus).find(([, value]) => value === status)?.[0] ?? String(status);
