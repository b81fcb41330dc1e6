import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import lockFile from "../../package-lock.json" with { type: "json" };
import { checkout } from "../paths.ts";

/** An npm package whose code is part of the built programs. */
export type BundledPackage = {
  readonly name: string;
  readonly version: string;
  /** SPDX expression, as the package says. */
  readonly licence: string;
  /** SHA-512 of its archive in hexadecimal digits. */
  readonly sha512: string;
  readonly licenceText: string;
};

type Locked = { readonly version: string; readonly integrity?: string; readonly license?: string };

/** The packages that dev/build.ts found in the bundles, with what package-lock.json knows of them. Throws before a build. */
export async function bundledPackages(): Promise<readonly BundledPackage[]> {
  const paths = JSON.parse(await readFile(join(checkout, "dist/bundled.json"), "utf8")) as string[];
  return packagesAt(paths);
}

/** The npm packages at these places below the checkout, as package-lock.json and they themselves tell of them. */
export const packagesAt = (paths: readonly string[]): Promise<readonly BundledPackage[]> =>
  Promise.all(paths.map(readPackage));

async function readPackage(path: string): Promise<BundledPackage> {
  const locked = (lockFile.packages as unknown as Record<string, Locked>)[path];
  if (locked?.integrity === undefined) throw new Error(`${path} is not in package-lock.json`);
  const folder = join(checkout, path);
  const written = (await readdir(folder)).find((name) => /^licen[cs]e/i.test(name));
  if (written === undefined) throw new Error(`${path} has no licence file`);
  return {
    name: path.replace(/^.*node_modules\//, ""),
    version: locked.version,
    licence: locked.license ?? "NOASSERTION",
    sha512: Buffer.from(locked.integrity.replace(/^sha512-/, ""), "base64").toString("hex"),
    licenceText: (await readFile(join(folder, written), "utf8")).trim(),
  };
}
