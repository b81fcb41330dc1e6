import { beforeAll, expect, it } from "vitest";
import { billOfMaterials } from "../../dev/package/bill-of-materials.ts";
import { licences } from "../../dev/package/licences.ts";
import { type NodeRuntime, nodeRuntime } from "../../dev/package/node-binary.ts";
import { type BundledPackage, packagesAt } from "../../dev/package/packages.ts";
import { ownArchitecture } from "../../dev/package/release.ts";
import lockFile from "../../package-lock.json" with { type: "json" };

/** What may be delivered under Apache-2.0 with no more than a notice. A new one is added here by a person who has read it. */
const ALLOWED = ["Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"];

type Locked = { readonly dev?: boolean; readonly optional?: boolean; readonly license?: string };
const delivered = Object.entries(lockFile.packages as Readonly<Record<string, Locked>>).filter(
  ([path, { dev = false, optional = false }]) => path !== "" && !dev && !optional,
);

let packages: readonly BundledPackage[];
let runtime: NodeRuntime;
beforeAll(async () => {
  packages = await packagesAt(delivered.map(([path]) => path));
  runtime = await nodeRuntime(ownArchitecture());
});

it("every package that may be delivered has a licence that allows it", () => {
  expect(delivered.length).toBeGreaterThan(10);
  expect(delivered.filter(([, { license = "none" }]) => !ALLOWED.includes(license))).toEqual([]);
});

it("the bill of materials and the file of licences name the same packages and versions", async () => {
  const release = { version: "1.2.3", architecture: "amd64", maintainer: "A B <a@example>", madeSeconds: 0 } as const;
  const bill = JSON.parse(billOfMaterials(release, packages, runtime)) as {
    readonly components: readonly { readonly name: string; readonly version: string }[];
  };
  const text = await licences(packages, runtime);
  const named = [...text.matchAll(/^ {2}(\S+) (\S+) \(.+\)$/gm)].map(([, name, version]) => `${name} ${version}`);
  const listed = bill.components.map(({ name, version }) => `${name} ${version}`);
  expect(listed).toEqual([...named, `node ${runtime.version}`]);
  expect(named).toHaveLength(delivered.length);
});
