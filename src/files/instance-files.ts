import { lstat, mkdir, readdir, readlink, rename, rm, symlink, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { PodName } from "../ports.ts";
import { ifThere, systemCode } from "./failure.ts";
import { containerLogDir, logFile, logLink, type Places, podLogDir, terminationLog } from "./layout.ts";

/** Highest attempt that left a log file, rotated ones too (S28). */
export async function lastAttempt(places: Places, pod: PodName, container: string): Promise<number | undefined> {
  const names = (await ifThere(readdir(containerLogDir(places, pod, container)))) ?? [];
  const attempts = names.flatMap((name) => /^(\d{1,9})\.log(\..*)?$/s.exec(name)?.[1] ?? []).map(Number);
  return attempts.length === 0 ? undefined : Math.max(...attempts);
}

/** Links an instance's log into the containers' log directory, if it wrote one (2.1, S30). */
export async function linkLog(
  places: Places,
  pod: PodName,
  container: string,
  attempt: number,
  id: string,
): Promise<void> {
  const log = logFile(places, pod, container, attempt);
  if ((await ifThere(lstat(log))) === undefined) return;
  const link = logLink(places, pod, container, id);
  try {
    await symlinkInto(log, link, places.containerLogsDir);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
    if ((await readlink(link)) === log) return;
    const next = `${link.slice(0, -NEXT.length)}${NEXT}`;
    await rm(next, { force: true });
    await symlink(log, next);
    await rename(next, link);
  }
}

/** As long as the `.log` that it stands in for, so that the name still fits. */
const NEXT = ".new";

async function symlinkInto(target: string, link: string, directory: string): Promise<void> {
  const made = await ifThere(symlink(target, link).then(() => true));
  if (made) return;
  await mkdir(directory, { recursive: true, mode: 0o755 });
  await symlink(target, link);
}

/** Removes what one dead instance left: its log with the rotated ones, their link, its termination log (G9, G10). */
export async function removeInstance(
  places: Places,
  pod: PodName,
  container: string,
  attempt: number,
  id: string,
): Promise<void> {
  const directory = containerLogDir(places, pod, container);
  const log = `${attempt}.log`;
  const names = (await ifThere(readdir(directory))) ?? [];
  const own = names.filter((name) => name === log || name.startsWith(`${log}.`));
  const gone = (path: string): Promise<void> => rm(path, { force: true });
  await Promise.all([
    ...own.map((name) => gone(join(directory, name))),
    gone(logLink(places, pod, container, id)),
    gone(terminationLog(places, pod.uid, container, attempt)),
  ]);
}

/** Removes all links to logs of the pod: their names may be cut, so that only their targets tell whose they are. */
export async function removeLinks(places: Places, pod: PodName): Promise<void> {
  const logs = `${podLogDir(places, pod)}/`;
  const names = (await ifThere(readdir(places.containerLogsDir))) ?? [];
  const likely = names.filter((name) => name.startsWith(pod.name.slice(0, 251)));
  await Promise.all(
    likely.map(async (name) => {
      const link = join(places.containerLogsDir, name);
      const target = await readlink(link).catch(() => "");
      if (target.startsWith(logs)) await ifThere(unlink(link));
    }),
  );
}
