import type { Chance, Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { ImageLimits } from "../decide/image-garbage.ts";
import type { LogLimits } from "../decide/log-rotation.ts";
import type { PressureLimits } from "../decide/pressure.ts";
import type { Credentials } from "../pod/credential.ts";
import type { DocumentKeeping } from "../pod/document.ts";
import type { CountedEvent } from "../pod/event.ts";
import type { ImageStore } from "../pod/image-store.ts";
import type { LocalStorage } from "../pod/local-storage.ts";
import type { LogKeeping } from "../pod/log-keeping.ts";
import type { Meter } from "../pod/metrics.ts";
import type { HostResolver, NodeFacts, NodeSettings } from "../pod/node.ts";
import type { PressureGauge } from "../pod/pressure.ts";
import type { ShutdownDelay, ShutdownDiary, ShutdownGroup } from "../pod/shutdown.ts";
import type { Handlers, Images, ManifestSource, PodChange, PodFiles, Runtime, Sink } from "../ports.ts";
import type { BoundCompiler } from "./bound-pods.ts";
import type { GateLimits } from "./gates.ts";
import type { PodCgroups } from "./pod-cgroups.ts";
import type { ListPace } from "./runtime-watch.ts";

/** Everything outside that the agent acts through. */
export type Ports = {
  readonly runtime: Runtime;
  readonly images: Images;
  readonly files: PodFiles;
  readonly credentials?: Credentials;
  readonly source: ManifestSource;
  /** Absent where documents are only in their files. */
  readonly documentKeeping?: DocumentKeeping;
  /** Present where an API server binds pods to the node. */
  readonly bound?: BoundCompiler;
  readonly handlers: Handlers;
  readonly cgroups?: PodCgroups;
  /** Looked at before each sandbox (cri-mapping 1.3). Absent where the resolver file stays as it was at start. */
  readonly resolver?: HostResolver;
  /** Absent where logs are not rotated. */
  readonly logKeeping?: { readonly keeping: LogKeeping; readonly limits: LogLimits };
  /** Absent where images are not collected. */
  readonly imageGarbage?: { readonly store: ImageStore; readonly limits: ImageLimits };
  /** Absent where nobody watches what is left of the host. */
  readonly pressure?: {
    readonly gauge: PressureGauge;
    readonly limits: PressureLimits;
    /** Absent where what pods have on disk is not counted. */
    readonly storage?: LocalStorage;
  };
  /** Absent where pods get no time to end when the host shuts down. */
  readonly shutdown?: {
    readonly delay: ShutdownDelay;
    readonly groups: readonly ShutdownGroup[];
    readonly diary: ShutdownDiary;
  };
  readonly podSinks: readonly Sink<PodChange>[];
  readonly eventSinks: readonly Sink<CountedEvent>[];
};

/** What is fixed for the agent's life. */
export type Setup = {
  readonly facts: NodeFacts;
  readonly settings: NodeSettings;
  readonly limits: GateLimits;
  readonly listPace: ListPace;
  /** Events that the journal has kept. */
  readonly earlierEvents: readonly CountedEvent[];
};

/** The host's own means: time, chance, and where it tells what it does. */
export type Means = { readonly clock: Clock; readonly chance: Chance; readonly log: Log; readonly meter: Meter };
