import { lstat, mkdir, readdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { BerthError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { CertificateFacts, CertificateUse } from "../pod/cluster.ts";
import { belongTogether, type CertifiedKey, factsOf, splitPem } from "./certificate-facts.ts";
import { replaceFile } from "./replace-file.ts";

/** The node's certificates of one use on disk, laid out as the kubelet does (node.md 1.4). */
export type CertificateStore = {
  /** The file that always leads to the newest. */
  readonly currentPath: string;
  current(): (CertifiedKey & { readonly facts: CertificateFacts }) | undefined;
  /** From now on this one. Throws ApiBadAnswer when it is not this key's, FileFailed when it cannot be written. */
  keep(pair: CertifiedKey): Promise<CertificateFacts>;
};

/** Begins the names of the files. */
const PREFIXES: { readonly [U in CertificateUse]: string } = { client: "kubelet-client", serving: "kubelet-server" };
const STAMP = /^\d{4}(-\d\d){5}\.pem$/;
/** So many old ones stay, for whoever has to look back. */
const KEPT = 3;

/** The file that leads to the newest certificate of a use, with its key. */
export const currentPem = (directory: string, use: CertificateUse): string =>
  join(directory, `${PREFIXES[use]}-current.pem`);

/**
 * Opens the directory. Throws ConfigInvalid when it cannot be used, or when the current certificate is a file and no link:
 * then somebody else looks after it. One that is torn counts as none.
 */
export async function openCertificateStore(
  directory: string,
  log: Log,
  use: CertificateUse = "client",
): Promise<CertificateStore> {
  const prefix = PREFIXES[use];
  const currentPath = currentPem(directory, use);
  const updatedPath = join(directory, `${prefix}-updated.pem`);
  await prepare(directory, currentPath, updatedPath);
  let held = await load(currentPath, log).catch((cause: unknown) => {
    throw new BerthError("ConfigInvalid", `cannot read the node's certificate ${currentPath}`, { cause });
  });

  return {
    currentPath,
    current: () => held,
    async keep({ certificate, key }) {
      if (!belongTogether(certificate, key))
        throw new BerthError("ApiBadAnswer", "the certificate that was issued is not that of the node's key");
      const facts = factsOf(certificate);
      const whole = `${certificate.trimEnd()}\n${key}`;
      let path = "";
      try {
        path = await freePath(directory, prefix);
        await replaceFile(path, whole);
        await rm(updatedPath, { force: true });
        await symlink(basename(path), updatedPath);
        await rename(updatedPath, currentPath);
      } catch (cause) {
        throw new BerthError("FileFailed", `cannot keep the node's certificate in ${directory}`, { cause });
      }
      held = { certificate, key, facts };
      await removeOld(directory, prefix, basename(path)).catch((error: unknown) =>
        log.warn("old certificates stay", { error }),
      );
      return facts;
    },
  };
}

async function prepare(directory: string, currentPath: string, updatedPath: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    // A link that was made but not yet moved when the agent ended: what it leads to is complete.
    await rename(updatedPath, currentPath).catch(unlessMissing);
    const there = await lstat(currentPath).catch(unlessMissing);
    if (there === undefined || there.isSymbolicLink()) return;
  } catch (cause) {
    throw new BerthError("ConfigInvalid", `the directory ${directory} cannot keep certificates`, { cause });
  }
  throw new BerthError("ConfigInvalid", `${currentPath} must be a symbolic link: its owner is someone else`);
}

async function load(path: string, log: Log): ReturnType<() => Promise<ReturnType<CertificateStore["current"]>>> {
  const text = await readFile(path, "utf8").catch(unlessMissing);
  if (text === undefined) return undefined;
  const pair = splitPem(text);
  if (pair === undefined) log.warn("the node's certificate cannot be used, and a new one is asked for", { path });
  return pair === undefined ? undefined : { ...pair, facts: factsOf(pair.certificate) };
}

/** Two that come in one second keep both their files: the later one is dated a second on. */
async function freePath(directory: string, prefix: string): Promise<string> {
  const taken = new Set(await readdir(directory));
  for (let dated = Date.now(); ; dated += 1_000) {
    const name = `${prefix}-${stampOf(new Date(dated))}.pem`;
    if (!taken.has(name)) return join(directory, name);
  }
}

/** The current one stays by its name, not by its date: the clock may have been ahead when the others were written. */
async function removeOld(directory: string, prefix: string, current: string): Promise<void> {
  const isOld = (name: string): boolean =>
    name !== current && name.startsWith(`${prefix}-`) && STAMP.test(name.slice(prefix.length + 1));
  const old = (await readdir(directory)).filter(isOld).sort();
  for (const name of old.slice(0, -(KEPT - 1))) await rm(join(directory, name));
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}

const stampOf = (date: Date): string => date.toISOString().slice(0, 19).replace(/[T:]/g, "-");
