/** Every flag of `berth`; commands name those that they take. Help and completion follow from this table. */
export const FLAGS = {
  "all-namespaces": { short: "A", argument: "", help: "All namespaces." },
  namespace: { short: "n", argument: "name", help: "Namespace; default is `default`." },
  output: { short: "o", argument: "form", help: "wide, json, yaml or name." },
  watch: { short: "w", argument: "", help: "Go on and print each change." },
  "no-headers": { argument: "", help: "No line of headings." },
  container: { short: "c", argument: "name", help: "Container; default is the annotated or first one." },
  follow: { short: "f", argument: "", help: "Go on as the log grows." },
  previous: { short: "p", argument: "", help: "The instance before this one." },
  tail: { argument: "lines", help: "Only so many of the last lines; -1 is all." },
  "since-time": { argument: "time", help: "Only what is not older than this time (RFC 3339)." },
  since: { argument: "duration", help: "Only what is newer, such as 5m." },
  timestamps: { argument: "", help: "Begin each line with its time." },
  selector: { short: "l", argument: "labels", help: "Only pods with these labels: app=web,tier!=back,env in (a,b)." },
  "all-containers": { argument: "", help: "Every container of the pod, init containers too." },
  prefix: { argument: "", help: "Begin each line with its pod and container; by itself when there are several." },
  "limit-bytes": { argument: "number", help: "Stop after so many bytes." },
  stdin: { short: "i", argument: "", help: "Pass standard input to the command." },
  tty: { short: "t", argument: "", help: "Give the command a terminal." },
  containers: { argument: "", help: "A line for each container." },
  "sort-by": { argument: "cpu|memory", help: "The largest first." },
  once: { argument: "", help: "Print once, also on a terminal." },
  interval: { argument: "seconds", help: "Time between two looks; default 2." },
  ctr: { argument: "path", help: "containerd's tool; found by itself where it usually is." },
  "runtime-endpoint": { argument: "endpoint", help: "The runtime's socket; default is the one that berthd uses." },
  fix: { argument: "", help: "Mend what can be mended; it is said first what will be done." },
  config: { argument: "path", help: "berthd's configuration file; default /etc/berth/config.yaml." },
  "config-dir": { argument: "path", help: "Its drop-ins; default /etc/berth/config.d." },
  filename: { short: "f", argument: "file", help: "A manifest, a directory of them, or - for standard input." },
  prune: { argument: "", help: "Also remove what the file in the manifest directory holds and the new one does not." },
  "dry-run": { argument: "", help: "Only say what would be done." },
  wait: { argument: "true|false", help: "Whether to wait until pods have ended; default true." },
  address: { argument: "address", help: "Address to listen on; default 127.0.0.1." },
  for: { argument: "condition", help: "condition=Ready, condition=NAME=VALUE, or delete." },
  timeout: { argument: "duration", help: "Give up after this; default 30s." },
  socket: { argument: "path", help: "berthd's socket; also BERTH_SOCKET." },
  help: { short: "h", argument: "", help: "Print help." },
} as const satisfies Record<string, FlagRow>;

export type FlagRow = { readonly short?: string; readonly argument: string; readonly help: string };
export type FlagName = keyof typeof FLAGS;
/** Flags that every command takes. */
export const COMMON_FLAGS: readonly FlagName[] = ["socket", "help"];
