import { BerthError } from "../base/errors.ts";
import type { Credentials, PullSecret } from "../pod/credential.ts";
import { readDockerConfig } from "./docker-config.ts";
import { type Entry, matching, repositoryOf } from "./match.ts";
import type { NodeFiles } from "./node-files.ts";
import type { Plugins } from "./plugins.ts";

/** Registry credentials of a node (cri-mapping 6.3). */
export function makeCredentials(files: NodeFiles, plugins: Plugins): Credentials {
  return {
    async find(image, secrets) {
      const repository = repositoryOf(image);
      const sources = [secrets.flatMap(entriesOf), await files.entries(), await plugins.entries(repository)];
      return sources.flatMap((entries) => matching(entries, repository));
    },
  };
}

/** Throws when a secret's text makes no sense; one of another type holds no credentials. */
function entriesOf({ name, type, data }: PullSecret): readonly Entry[] {
  const format = FORMATS[type];
  const bytes = format && data.get(format.key);
  if (format === undefined || bytes === undefined) return [];
  const entries = readDockerConfig(Buffer.from(bytes).toString(), format.format);
  if (entries !== undefined) return entries;
  throw new BerthError(
    "ImagePullFailed",
    `the pull secret ${name} is malformed: its ${format.key} is no Docker configuration`,
  );
}

const FORMATS: Readonly<Record<string, { readonly key: string; readonly format: "config.json" | ".dockercfg" }>> = {
  "kubernetes.io/dockerconfigjson": { key: ".dockerconfigjson", format: "config.json" },
  "kubernetes.io/dockercfg": { key: ".dockercfg", format: ".dockercfg" },
};
