import type { Service } from "../../pod/cluster.ts";
import type { ClusterShelf } from "../cluster-shelf.ts";
import type { Follower } from "./follow.ts";

/** Brings the services of the cluster to those who make environments (cri-mapping 2.3). */
export function serviceFollower(shelf: Pick<ClusterShelf, "setServices">): Follower<Service> {
  /** @bound Services of the cluster; of each only what variables are made of. */
  const services = new Map<string, Service>();
  const keyOf = ({ metadata }: Service): string => `${metadata.namespace}/${metadata.name}`;
  const take = (service: Service): void => void services.set(keyOf(service), slim(service));
  const tell = (): void => shelf.setServices([...services.values()]);

  return {
    onSet(all) {
      services.clear();
      for (const service of all) take(service);
      tell();
    },
    onPut(service) {
      take(service);
      tell();
    },
    onGone(service) {
      services.delete(keyOf(service));
      tell();
    },
  };
}

function slim({ metadata: { name, namespace }, spec }: Service): Service {
  const { clusterIP, ports } = spec ?? {};
  return {
    metadata: { ...(name === undefined ? {} : { name }), ...(namespace === undefined ? {} : { namespace }) },
    spec: { ...(clusterIP === undefined ? {} : { clusterIP }), ...(ports === undefined ? {} : { ports }) },
  };
}
