/** A group of honoured fields and the end-to-end test that looks at it from inside a container. */
export type FieldGroup = { readonly group: string; readonly file: string; readonly title: string };

const of = (file: string, rows: Readonly<Record<string, string>>): readonly FieldGroup[] =>
  Object.entries(rows).map(([group, title]) => ({ group, file: `test/e2e/${file}.test.ts`, title }));

/** Every group, with one test; docs/pod-fields.md shows them, and a test holds that the titles are there. */
export const FIELD_GROUPS: readonly FieldGroup[] = [
  ...of("inside", {
    "runAsUser, runAsGroup, runAsNonRoot, supplementalGroups, fsGroup, capabilities, seccompProfile, readOnlyRootFilesystem, allowPrivilegeEscalation":
      "securityContext of a hardened container: ids, groups, capabilities, seccomp, read-only root, fsGroup",
    "privileged, procMount, devices":
      "securityContext without limits, and privileged: capabilities, seccomp, masked paths, devices",
    "shareProcessNamespace, sysctls":
      "shareProcessNamespace shows the processes of all containers; safe and allowed sysctls hold in the pod alone",
    "hostPID, hostIPC, hostNetwork": "a plain pod has its own; hostPID, hostIPC and hostNetwork are those of the host",
    hostUsers: "hostUsers: false has ids of its own where the runtime has them, and waits with the reason where not",
    "resources: cgroup files, oom_score_adj": "limits and requests are in the cgroup files and in oom_score_adj",
    "env: fieldRef, resourceFieldRef, expansion":
      "env has fieldRef, resourceFieldRef with its divisor, and $(VAR) with its escape",
    "subPath, subPathExpr, readOnly, fileKeyRef, downwardAPI":
      "subPath, subPathExpr, readOnly, fileKeyRef and a downwardAPI volume",
    "image volumes": "an image volume shows the image, where the runtime has them; else the pod waits with the reason",
    "terminationMessagePath, terminationMessagePolicy":
      "termination messages: the file's, the log's after a failure only",
    "hostPort, UDP": "a hostPort of UDP leads to the pod",
  }),
  ...of("network", {
    "hostPort, TCP": "lead to the pod on every address of the host, and go with the pod",
    "hostNetwork: interfaces": "gives the pod the host's interfaces and address",
    "hostAliases, hostname, subdomain: /etc/hosts": "the hosts file names the pod and its aliases",
  }),
  ...of("volumes", {
    emptyDir: "is shared by containers, survives a restart of one, and goes with the pod",
    "emptyDir in memory, sizeLimit": "with medium Memory is a tmpfs of the given size, and is unmounted with the pod",
    "hostPath types": "what is missing and comes later lets the pod start",
    "mounts: readOnly": "mounts are read-only where the manifest says so",
  }),
  ...of("documents", {
    "env and envFrom of ConfigMaps and Secrets": "variables come from keys and from whole documents, with prefix",
    "configMap, secret, projected, downwardAPI: modes and places":
      "files have their modes and places, secrets lie in memory",
    "atomic refresh": "a change in the directory is soon seen, whole; a subPath keeps what it had",
  }),
  ...of("propagation", {
    mountPropagation:
      "mountPropagation: None sees no later mount, HostToContainer those of the host, Bidirectional gives back its own",
    recursiveReadOnly:
      "recursiveReadOnly: what is mounted below is read-only too where the runtime can, else the pod waits with the reason",
  }),
  ...of("from-clusters", {
    hostIP: "a port of one address of the host leads to the pod from there alone",
    "runAsNonRoot: users of images":
      "users: the image's by name, one by number, and nobody who would be root or might be",
    dnsConfig: "an agent of the node: the host's processes and files, resolver at its limits, hosts file with aliases",
  }),
  ...of("credentials", {
    "imagePullSecrets, imagePullPolicy":
      "an image of a locked registry is pulled with a credential of the node's file, of a plugin or of an imagePullSecret, and only with one",
  }),
  ...of("logs", {
    "container logs, rotation": "a fast writer's log is rotated in time, and its follower misses no line",
  }),
];
