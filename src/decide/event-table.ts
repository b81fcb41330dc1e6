/**
 * Every event of a pod or container: type, reason and words (lifecycle.md 10, 6.2, 4.3). What happens at which moment is
 * in decide/news.ts.
 */
export const EVENTS = {
  // images
  pulling: normal("Pulling", (image) => `Pulling image "${image}"`),
  imagePresent: normal(
    "Pulled",
    (image) => `Container image "${image}" already present on machine and can be accessed by the pod`,
  ),
  imagePulled: normal(
    "Pulled",
    (image, took, withWaiting, bytes) =>
      `Successfully pulled image "${image}" in ${took} (${withWaiting} including waiting). Image size: ${bytes} bytes.`,
  ),
  pullFailed: warning("Failed", (image, error) => `Failed to pull image "${image}": ${error}`),
  imageBackOff: normal("BackOff", (image) => `Back-off pulling image "${image}"`),
  imageNeverPulled: warning(
    "ErrImageNeverPull",
    (image) => `Container image "${image}" is not present with pull policy of Never`,
  ),
  imageNameInvalid: warning("InspectFailed", (message) => message),
  inspectFailed: warning("InspectFailed", (ref, error) => `Failed to inspect image "${ref}": ${error}`),
  pullSecretsMissing: warning(
    "FailedToRetrieveImagePullSecret",
    (names) => `Unable to retrieve some image pull secrets (${names}); attempting to pull the image may not succeed.`,
  ),
  // containers
  created: normal("Created", () => "Container created"),
  started: normal("Started", () => "Container started"),
  startFailed: warning("Failed", (cause) => `Error: ${cause}`),
  restartBackOff: warning(
    "BackOff",
    (container, pod) => `Back-off restarting failed container ${container} in pod ${pod}`,
  ),
  killing: normal("Killing", (text) => text),
  postStartFailed: warning("FailedPostStartHook", () => "PostStartHook failed"),
  preStopFailed: warning("FailedPreStopHook", () => "PreStopHook failed"),
  hookFellBack: warning(
    "LifecycleHTTPFallback",
    (address) => `request to HTTPS lifecycle hook ${address} got HTTP response, retry with HTTP succeeded`,
  ),
  // probes
  probeFailed: warning("Unhealthy", (probe, output) => `${probe} probe failed: ${output}`),
  probeErrored: warning(
    "Unhealthy",
    (probe, error) => `${probe} probe errored and resulted in unknown state: ${error}`,
  ),
  probeWarned: warning("ProbeWarning", (probe, output) => `${probe} probe warning: ${output}`),
  // the pod
  sandboxChanged: normal("SandboxChanged", () => "Pod sandbox changed, it will be killed and re-created."),
  sandboxFailed: warning("FailedCreatePodSandBox", (error) => `Failed to create pod sandbox: ${error}`),
  sandboxUnread: warning("FailedPodSandBoxStatus", (error) => `Unable to get pod sandbox status: ${error}`),
  killFailed: warning("FailedKillPod", (error) => `error killing pod: ${error}`),
  lookFailed: warning("FailedSync", (error) => `error determining status: ${error}`),
  cgroupFailed: warning("FailedCreatePodContainer", (error) => `unable to ensure pod container exists: ${error}`),
  homeFailed: warning("Failed", (error) => `error making pod data directories: ${error}`),
  mountFailed: warning("FailedMount", (volume, error) => `MountVolume.SetUp failed for volume "${volume}" : ${error}`),
  resizeStarted: normal("ResizeStarted", (what) => `Pod resize started: ${what}`),
  resizeCompleted: normal("ResizeCompleted", (what) => `Pod resize completed: ${what}`),
  resizeDeferred: warning("ResizeDeferred", (why) => `Pod resize Deferred: ${why}`),
  resizeInfeasible: warning("ResizeInfeasible", (why) => `Pod resize Infeasible: ${why}`),
  resizeFailed: warning("ResizeError", (what) => `Pod resize error: ${what}`),
  networkNotReady: warning("NetworkNotReady", (message) => `network is not ready: ${message}`),
  nameserversCut: warning(
    "DNSConfigForming",
    (line) =>
      `Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ${line}`,
  ),
  searchesCut: warning(
    "DNSConfigForming",
    (line) =>
      `Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${line}`,
  ),
  noClusterDns: warning(
    "MissingClusterDNS",
    (pod) =>
      `pod: "${pod}". No cluster DNS is configured, so that a pod with the "ClusterFirst" policy cannot have it; it gets the "Default" policy.`,
  ),
  portsUnmapped: warning(
    "HostPortUnmapped",
    (ports, list) =>
      `hostPort ${ports} leads nowhere: the CNI list "${list}" has no plugin for port mappings; add portmap with the capability portMappings to it`,
  ),
  deadlineExceeded: normal("DeadlineExceeded", () => "Pod was active on the node longer than the specified deadline"),
  evicted: warning("Evicted", (message) => message),
  preempted: warning("Preempting", (message) => message || "Preempted in order to admit critical pod"),
  graceExceeded: warning(
    "ExceededGracePeriod",
    () => "Container runtime did not kill the pod within specified grace period.",
  ),
} as const satisfies Record<string, EventRow>;

export type EventName = keyof typeof EVENTS;

export type EventRow = {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  /** Words of the moment in the order in which the text uses them. */
  readonly text: (...words: string[]) => string;
};

function normal(reason: string, text: Text): EventRow {
  return { type: "Normal", reason, text: (...words) => text(...filled(words)) };
}

function warning(reason: string, text: Text): EventRow {
  return { type: "Warning", reason, text: (...words) => text(...filled(words)) };
}

type Text = (one: string, two: string, three: string, four: string) => string;

const filled = ([one = "", two = "", three = "", four = ""]: string[]): Parameters<Text> => [one, two, three, four];
