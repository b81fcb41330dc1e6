// Written by proto/generate.ts from proto/grpc/health/v1/health.proto: change that and run it again.

// Messages as they are received: complete, a message that was not sent being undefined. To be sent: Draft<...> of them.
// Enum values are plain numbers, since a newer runtime may know more of them.

/** How a service is. */
export const ServingStatus = { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 } as const;
export type ServingStatus = number;

/** Names the service to ask about; an empty name means the whole server. */
export interface HealthCheckRequest { service: string }

/** The answer. A probe takes SERVING as success and all else as failure. */
export interface HealthCheckResponse { status: ServingStatus }

/** Calls that get one answer: request and response. */
export interface UnaryCalls {
  Check: [HealthCheckRequest, HealthCheckResponse];
}

/** Calls that get a stream of answers: request and each response. */
export interface StreamCalls {
  Watch: [HealthCheckRequest, HealthCheckResponse];
}
