// Written by proto/generate.ts from proto/grpc/health/v1/health.proto: change that and run it again.

/** Every call: its path, and the messages that go out and come back. */
export const METHODS = {
  Check: { path: "/grpc.health.v1.Health/Check", request: "HealthCheckRequest", response: "HealthCheckResponse" },
  Watch: { path: "/grpc.health.v1.Health/Watch", request: "HealthCheckRequest", response: "HealthCheckResponse" },
} as const;

/** Every message, as src/base/protobuf.ts reads it. */
export const MESSAGES = {
  HealthCheckRequest: "service=1:string",
  HealthCheckResponse: "status=1:enum",
} as const;
