import type { NodeRuntime } from "./node-binary.ts";
import type { BundledPackage } from "./packages.ts";
import { ARCHITECTURES, type Release } from "./release.ts";

/** What an installation is made of, as CycloneDX 1.5 JSON. Equal input gives equal text: it has no serial number. */
export function billOfMaterials(
  { version, architecture, madeSeconds }: Release,
  packages: readonly BundledPackage[],
  runtime: NodeRuntime,
): string {
  const root = `pkg:deb/berth@${version}?arch=${architecture}`;
  const node = `pkg:npm/node-linux-${ARCHITECTURES[architecture]}@${runtime.version}`;
  const components = [
    ...packages.map(({ name, version: its, licence, sha512 }) => ({
      type: "library",
      "bom-ref": npmUrl(name, its),
      name,
      version: its,
      purl: npmUrl(name, its),
      licenses: [{ expression: licence }],
      hashes: [{ alg: "SHA-512", content: sha512 }],
    })),
    {
      type: "platform",
      "bom-ref": node,
      name: "node",
      version: runtime.version,
      purl: node,
      cpe: `cpe:2.3:a:nodejs:node.js:${runtime.version}:*:*:*:lts:*:*:*`,
      licenses: [{ license: { name: "Node.js" } }],
    },
  ];
  const bill = {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: {
      timestamp: new Date(madeSeconds * 1000).toISOString(),
      component: { type: "application", "bom-ref": root, name: "berth", version, purl: root },
    },
    components,
    dependencies: [{ ref: root, dependsOn: components.map((component) => component["bom-ref"]) }],
  };
  return `${JSON.stringify(bill, undefined, 2)}\n`;
}

const npmUrl = (name: string, version: string): string => `pkg:npm/${name.replace("@", "%40")}@${version}`;
