import { formatQuantity, parseQuantity, type Quantity, roundToMilli } from "../pod/quantity.ts";
import { podLimits, podRequests } from "../pod/resources.ts";
import type * as v1 from "../pod/v1.ts";
import { defaultPullPolicy } from "./image.ts";
import type { Loose } from "./loose.ts";

/** Default file modes of volumes: 0644. */
const VOLUME_MODE = 0o644;
const TOKEN_SECONDS = 3600;

/** The spec with the API's defaults filled in (1.3, cri-mapping 0). What is written stays as it is. */
export function withDefaults(spec: Loose<v1.PodSpec>): Loose<v1.PodSpec> {
  const hostNetwork = spec.hostNetwork === true;
  const defaulted = {
    ...spec,
    restartPolicy: spec.restartPolicy || "Always",
    dnsPolicy: spec.dnsPolicy || "ClusterFirst",
    schedulerName: spec.schedulerName || "default-scheduler",
    terminationGracePeriodSeconds: spec.terminationGracePeriodSeconds ?? 30,
    securityContext: spec.securityContext ?? {},
    enableServiceLinks: spec.enableServiceLinks ?? true,
    ...(spec.containers && { containers: spec.containers.map((one) => defaultContainer(one, hostNetwork)) }),
    ...(spec.initContainers && {
      initContainers: spec.initContainers.map((one) => defaultContainer(one, hostNetwork)),
    }),
    ...(spec.ephemeralContainers && {
      ephemeralContainers: spec.ephemeralContainers.map((one) => defaultContainer(one, hostNetwork)),
    }),
    ...(spec.volumes && { volumes: spec.volumes.map(defaultVolume) }),
  };
  return spec.resources ? { ...defaulted, resources: podResources(defaulted, spec.resources) } : defaulted;
}

function defaultContainer(container: Loose<v1.Container>, hostNetwork: boolean): Loose<v1.Container> {
  return {
    ...container,
    imagePullPolicy: container.imagePullPolicy || defaultPullPolicy(container.image ?? ""),
    terminationMessagePath: container.terminationMessagePath || "/dev/termination-log",
    terminationMessagePolicy: container.terminationMessagePolicy || "File",
    ...(container.ports && { ports: container.ports.map((port) => defaultPort(port, hostNetwork)) }),
    ...(container.env && { env: container.env.map(defaultVariable) }),
    ...(container.resources && { resources: containerResources(container.resources) }),
    ...(container.livenessProbe && { livenessProbe: defaultProbe(container.livenessProbe) }),
    ...(container.readinessProbe && { readinessProbe: defaultProbe(container.readinessProbe) }),
    ...(container.startupProbe && { startupProbe: defaultProbe(container.startupProbe) }),
    ...(container.lifecycle && { lifecycle: defaultLifecycle(container.lifecycle) }),
  };
}

/** Without a network of its own, a container's port is the host's (1.3). */
const defaultPort = (port: Loose<v1.ContainerPort>, hostNetwork: boolean): Loose<v1.ContainerPort> => ({
  ...port,
  protocol: port.protocol || "TCP",
  ...(hostNetwork && !port.hostPort && port.containerPort ? { hostPort: port.containerPort } : {}),
});

const defaultVariable = (variable: Loose<v1.EnvVar>): Loose<v1.EnvVar> =>
  variable.valueFrom?.fieldRef
    ? { ...variable, valueFrom: { ...variable.valueFrom, fieldRef: defaultFieldRef(variable.valueFrom.fieldRef) } }
    : variable;

const defaultFieldRef = (ref: Loose<v1.ObjectFieldSelector>): Loose<v1.ObjectFieldSelector> => ({
  ...ref,
  apiVersion: ref.apiVersion || "v1",
});

/** An explicit zero counts as absent, but for the initial delay. */
const defaultProbe = (probe: Loose<v1.Probe>): Loose<v1.Probe> => ({
  ...probe,
  initialDelaySeconds: probe.initialDelaySeconds ?? 0,
  timeoutSeconds: probe.timeoutSeconds || 1,
  periodSeconds: probe.periodSeconds || 10,
  successThreshold: probe.successThreshold || 1,
  failureThreshold: probe.failureThreshold || 3,
  ...(probe.httpGet && { httpGet: defaultHttpGet(probe.httpGet) }),
  ...(probe.grpc && { grpc: { ...probe.grpc, service: probe.grpc.service ?? "" } }),
});

const defaultHttpGet = (action: Loose<v1.HTTPGetAction>): Loose<v1.HTTPGetAction> => ({
  ...action,
  path: action.path || "/",
  scheme: action.scheme || "HTTP",
});

const defaultLifecycle = (lifecycle: Loose<v1.Lifecycle>): Loose<v1.Lifecycle> => ({
  ...lifecycle,
  ...(lifecycle.postStart && { postStart: defaultHook(lifecycle.postStart) }),
  ...(lifecycle.preStop && { preStop: defaultHook(lifecycle.preStop) }),
});

const defaultHook = (hook: Loose<v1.LifecycleHandler>): Loose<v1.LifecycleHandler> => ({
  ...hook,
  ...(hook.httpGet && { httpGet: defaultHttpGet(hook.httpGet) }),
});

function defaultVolume(volume: Loose<v1.Volume>): Loose<v1.Volume> {
  const sources = Object.entries(volume).filter(([name, source]) => name !== "name" && source !== undefined);
  return {
    ...volume,
    ...(sources.length === 0 && { emptyDir: {} }),
    ...(volume.hostPath && { hostPath: { ...volume.hostPath, type: volume.hostPath.type ?? "" } }),
    ...(volume.secret && { secret: withMode(volume.secret) }),
    ...(volume.configMap && { configMap: withMode(volume.configMap) }),
    ...(volume.downwardAPI && {
      downwardAPI: withMode({ ...volume.downwardAPI, ...defaultItems(volume.downwardAPI) }),
    }),
    ...(volume.projected && { projected: withMode(defaultProjected(volume.projected)) }),
    ...(volume.image && {
      image: {
        ...volume.image,
        pullPolicy: volume.image.pullPolicy || defaultPullPolicy(volume.image.reference ?? ""),
      },
    }),
  };
}

const withMode = <T extends { defaultMode?: number | undefined }>(source: T): T & { defaultMode: number } => ({
  ...source,
  defaultMode: source.defaultMode ?? VOLUME_MODE,
});

const defaultItems = ({ items }: Loose<v1.DownwardAPIVolumeSource>): Loose<v1.DownwardAPIProjection> =>
  items === undefined
    ? {}
    : { items: items.map((item) => ({ ...item, ...(item.fieldRef && { fieldRef: defaultFieldRef(item.fieldRef) }) })) };

const defaultProjected = (source: Loose<v1.ProjectedVolumeSource>): Loose<v1.ProjectedVolumeSource> => ({
  ...source,
  ...(source.sources && {
    sources: source.sources.map((one) => ({
      ...one,
      ...(one.downwardAPI && { downwardAPI: { ...one.downwardAPI, ...defaultItems(one.downwardAPI) } }),
      ...(one.serviceAccountToken && {
        serviceAccountToken: {
          ...one.serviceAccountToken,
          expirationSeconds: one.serviceAccountToken.expirationSeconds ?? TOKEN_SECONDS,
        },
      }),
    })),
  }),
});

type Amounts = Loose<Record<string, v1.Quantity>>;

/** Missing requests are copied from limits; all amounts are rounded up to thousandths. */
function containerResources(resources: Loose<v1.ResourceRequirements>): Loose<v1.ResourceRequirements> {
  const limits = resources.limits && rounded(resources.limits);
  const requests = resources.requests && rounded(resources.requests);
  const both = limits || requests ? { ...limits, ...requests } : undefined;
  return { ...resources, ...(limits && { limits }), ...(both && { requests: both }) };
}

const rounded = (amounts: Amounts): Amounts =>
  Object.fromEntries(Object.entries(amounts).map(([name, written]) => [name, roundedOne(written ?? "0")]));

function roundedOne(written: v1.Quantity): v1.Quantity {
  const quantity = parseQuantity(written);
  const whole = quantity && roundToMilli(quantity);
  return whole === undefined || whole.nanos === quantity?.nanos ? written : formatQuantity(whole);
}

/** Pod-level requests that are missing: what the containers ask for together, else the pod's own limit (cri-mapping 0). */
function podResources(
  spec: Loose<v1.PodSpec>,
  resources: Loose<v1.ResourceRequirements>,
): Loose<v1.ResourceRequirements> {
  const own = resources.limits && rounded(resources.limits);
  const asked = resources.requests && rounded(resources.requests);
  if (own === undefined) return { ...resources, ...(asked && { requests: asked }) };
  const containers = { containers: spec.containers ?? [], initContainers: spec.initContainers ?? [] } as v1.PodSpec;
  const requests = podRequests(containers);
  const limits = Object.fromEntries(
    [...podLimits(containers)].filter(([name]) => name.startsWith("hugepages-")).map(asText),
  );
  const missing = Object.entries(own).map(([name, limit]): [string, v1.Quantity | undefined] => {
    const sum = name.startsWith("hugepages-") ? undefined : requests.get(name);
    return [name, sum === undefined ? limit : formatQuantity(sum)];
  });
  return { ...resources, limits: { ...limits, ...own }, requests: { ...Object.fromEntries(missing), ...asked } };
}

const asText = ([name, quantity]: [string, Quantity]): [string, string] => [name, formatQuantity(quantity)];
