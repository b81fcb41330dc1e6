import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { ImageStore } from "../pod/image-store.ts";
import type { Meter } from "../pod/metrics.ts";
import type { Images, Runtime } from "../ports.ts";
import { makeCriClient } from "./client.ts";
import { makeImageStore } from "./image-store.ts";
import { makeImages } from "./images.ts";
import { countCalls } from "./operations.ts";
import { makeRuntime } from "./runtime.ts";
import { openSession } from "./session.ts";
import type { Ground } from "./surroundings.ts";

export type CriOptions = Omit<Ground, "client" | "session"> & {
  readonly runtimeEndpoint: string;
  /** Often the same. */
  readonly imageEndpoint: string;
  /** runtimeRequestTimeout. */
  readonly requestTimeoutMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
};

/** Both ports of a CRI runtime, over one connection for each endpoint. Throws ConfigInvalid for an endpoint that cannot be. */
export function connectCri(options: CriOptions): Cri {
  const { runtimeEndpoint, imageEndpoint, requestTimeoutMs, clock, log } = options;
  const observe = countCalls(options.meter);
  const client = makeCriClient({ endpoint: runtimeEndpoint, requestTimeoutMs, observe });
  const images =
    imageEndpoint === runtimeEndpoint ? client : makeCriClient({ endpoint: imageEndpoint, requestTimeoutMs, observe });
  const session = openSession({ client, clock, log });
  return {
    runtime: makeRuntime({ ...options, client, session }),
    images: makeImages({ ...options, client, session, images }),
    imageStore: makeImageStore(client, images),
    close() {
      session.close();
      client.close();
      if (images !== client) images.close();
    },
  };
}

export type Cri = {
  readonly runtime: Runtime;
  readonly images: Images;
  readonly imageStore: ImageStore;
  close(): void;
};
