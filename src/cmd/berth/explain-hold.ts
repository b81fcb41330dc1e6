import { assertNever } from "../../base/assert-never.ts";
import { type Advice, adviceFor, type Cause, ended, type ToldHold } from "./cause.ts";

const FULL_DISK: Advice = [
  /no space left/i,
  "the disk is full: make room (df -h; berth gc takes away images that no pod uses), then it goes on by itself",
];

const PULL: readonly Advice[] = [
  [
    /unauthorized|authentication|denied|forbidden|401|403/i,
    "the registry refuses without a login, or has no such image: check the name, or give the login in imagePullSecrets",
  ],
  [
    /not found|manifest unknown|does not exist|404/i,
    "check the image's name and tag in the manifest, or bring the image with: berth image load FILE",
  ],
  [
    /x509|certificate/i,
    "the registry's certificate is not trusted here: put its CA into the runtime's configuration (certs.d)",
  ],
  [
    /no such host|lookup |timeout|timed out|refused|unreachable|EOF|reset by peer|temporary failure/i,
    "the registry cannot be reached from this host: check network, DNS and proxy; without one, use: berth image load FILE",
  ],
  FULL_DISK,
];

const SANDBOX: readonly Advice[] = [
  [
    /sandbox image|pause/i,
    "the image of the pod's own sandbox is missing or does not run: berth doctor names it, berth doctor --fix brings one",
  ],
  [
    /address already in use|port is already allocated|cannot open hostport|hostport/i,
    "another program of this host has that port: find it with ss -ltnp, or take another hostPort",
  ],
  FULL_DISK,
  [
    /cgroup|slice/i,
    "the cgroup driver of the runtime and of berthd may differ: berth doctor compares them and says which line to change",
  ],
  [
    /cni|plugin|network|netns/i,
    "the pod network is not in order: berth doctor says what is missing, berth doctor --fix writes it",
  ],
];

const START: readonly Advice[] = [
  [
    /can't find shim for sandbox|sandbox .*not found/i,
    "the pod's own sandbox ends at once: berth doctor looks at its image, which is none that may be used for it",
  ],
  [
    /executable file not found|no such file or directory/i,
    "the image has no such program: check command and args in the manifest, or look what is there with another command",
  ],
  [
    /permission denied/i,
    "the program may not be run: check its mode in the image, and securityContext in the manifest",
  ],
  FULL_DISK,
  [/mount|not a directory|is a directory/i, "check the container's volumeMounts against what is at those places"],
  [
    /runAsNonRoot|non-root|numeric user/i,
    "the image runs as root and the manifest forbids it: set securityContext.runAsUser, or use another image",
  ],
];

const ROOM: readonly Advice[] = [
  [/NodePorts|ports/i, "another pod has that hostPort: see berth get pods -A -o yaml, and change one of them"],
  [
    /NodeAffinity|selector/i,
    "give the node the labels that the manifest asks for (nodeLabels), or take nodeSelector out",
  ],
  [/NodeName/i, "take spec.nodeName out of the manifest, or put this node's name there"],
  [/OutOfpods/i, "raise maxPods in the configuration, or delete pods"],
  [/OutOf/i, "lower the pod's requests, or delete other pods (berth get node -o wide shows what there is)"],
];

const containerOf = (subject: string): string | undefined => /^container\/(.+)$/.exec(subject)?.[1];

/** What one hold means; undefined where the state of its container tells more. */
export function explainHold(hold: ToldHold, namespace: string): Cause | undefined {
  const { subject, reason, message, needs } = hold;
  const container = containerOf(subject);
  const who = container === undefined ? "it" : `container ${container}`;
  const said = ended(message);
  switch (needs) {
    case "image":
      return { text: `${who} waits for its image: ${said}${again(hold)}`, next: imageAdvice(reason, message) };
    case "document":
      return { text: `${who} waits for a document: ${said}`, next: documentAdvice(message, namespace) };
    case "volume":
      return homeCause(hold, said);
    case "name":
      return {
        text: `an older pod of the same name is still ending: ${said}`,
        next: "wait, and watch it with: berth get pods -w",
      };
    case "room":
      return {
        text: `this host cannot take it: ${said}`,
        next: adviceFor(`${reason} ${message}`, ROOM, "change the manifest so that it fits this host"),
      };
    case "network":
      return {
        text: `the pod network is not ready: ${said}`,
        next: "run berth doctor: it says what the network lacks, and berth doctor --fix writes a CNI list",
      };
    case "runtime":
      return {
        text: /does not answer$/.test(said) ? said : `the container runtime does not answer: ${said}`,
        next: "look at the runtime first: systemctl status containerd, then berth doctor; pods that run go on running",
      };
    case "time":
      return timeCause(hold, who, said);
    case "sibling":
      return undefined;
    default:
      return assertNever(needs);
  }
}

/** Of the pod itself it is its directories or its cgroup, else a volume. */
function homeCause(hold: ToldHold, said: string): Cause {
  if (hold.reason === "FailedCreatePodContainer") {
    return {
      text: `its cgroup cannot be made: ${said}${again(hold)}`,
      next: "berth doctor looks at the cgroups of this host and at the cgroup driver, and says which line to change",
    };
  }
  const what = hold.subject === "pod" ? "its directories cannot be made" : "a volume cannot be set up";
  const otherwise = "mend what the message names; it is tried again by itself";
  return { text: `${what}: ${said}${again(hold)}`, next: adviceFor(said, [FULL_DISK], otherwise) };
}

function timeCause(hold: ToldHold, who: string, said: string): Cause | undefined {
  const { reason, message, subject } = hold;
  if (subject === "sandbox") {
    const otherwise =
      "berth doctor looks for the usual causes; the runtime's own log has the rest (journalctl -u containerd)";
    return { text: `its sandbox cannot be made: ${said}${again(hold)}`, next: adviceFor(message, SANDBOX, otherwise) };
  }
  if (reason === "FailedKillPod") {
    return {
      text: `what is left of it cannot be ended: ${said}${again(hold)}`,
      next: "see the runtime's log: journalctl -u containerd",
    };
  }
  if (reason === "ExceededGracePeriod") {
    return { text: `it should have ended by now: ${said}`, next: "see the runtime's log: journalctl -u containerd" };
  }
  if (reason === "ResizeError") {
    const next = "see what the runtime says of it: journalctl -u containerd";
    return { text: `${who} cannot be given its new resources: ${said}${again(hold)}`, next };
  }
  if (reason === "CrashLoopBackOff" || reason === "" || reason === "PostStartHookError") return undefined;
  return {
    text: `${who} cannot be started: ${said}${again(hold)}`,
    next: startAdvice(message),
  };
}

/** What to try when a container cannot be started, by what the runtime says. */
export const startAdvice = (message: string): string =>
  adviceFor(message, START, "change what the message names in the manifest; berth describe pod shows all of it");

function imageAdvice(reason: string, message: string): string {
  if (reason === "InvalidImageName") return "mend the image's name in the manifest: host/path/name:tag in lower case";
  if (reason === "ErrImageNeverPull")
    return "bring the image with: berth image load FILE, or set imagePullPolicy: IfNotPresent";
  return adviceFor(
    message,
    PULL,
    "try the pull by hand and see what the registry says: ctr -n k8s.io images pull IMAGE",
  );
}

function documentAdvice(message: string, namespace: string): string {
  if (message.startsWith("runtimeclass"))
    return "make that RuntimeClass in the cluster; the pod goes on by itself then";
  const [, kind = "", name] = /(configmap|secret) "([^"]+)"/i.exec(message) ?? [];
  if (name === undefined) return "put the missing document into the manifest directory";
  const written = kind.toLowerCase() === "secret" ? "Secret" : "ConfigMap";
  return `put a document of kind: ${written} with the name ${name} and the namespace ${namespace} into the manifest directory, or mark its use optional: true`;
}

/** When it is tried again. */
export function again({ waitsMs }: ToldHold): string {
  return waitsMs === undefined ? "" : ` (tried again in ${Math.ceil(waitsMs / 1000)} s)`;
}
