import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, readFile, statfs } from "node:fs/promises";
import { bad, type Finding, good, unknown, warning } from "./finding.ts";
import type { Ground } from "./ground.ts";

/** Disk, inotify and clock. */
export async function checkHost(ground: Ground): Promise<Finding[]> {
  return [...(await diskFindings(ground)), await inotifyFinding(ground), await clockFinding(ground)];
}

const FULL_SHARE = 0.05;
const NEARLY_FULL_SHARE = 0.15;

async function diskFindings({ settings, runtime, root }: Ground): Promise<Finding[]> {
  const images = runtime.kind === "answers" ? runtime.imageDirectory : undefined;
  const paths = [settings.rootDir, settings.podLogsDir, ...(images === undefined ? [] : [images])];
  const findings = await Promise.all([...new Set(paths)].map((path) => diskFinding(path, root)));
  return findings;
}

async function diskFinding(path: string, root: string): Promise<Finding> {
  const found = await statfs(root + path).catch(() => statfs(`${root}/`).catch(() => undefined));
  const check = `disk of ${path}`;
  if (found === undefined || found.blocks === 0) return unknown(check, "its size cannot be told");
  const space = found.bavail / found.blocks;
  const files = found.files === 0 ? 1 : found.ffree / found.files;
  const gib = ((found.bavail * found.bsize) / 2 ** 30).toFixed(1);
  const text = `${gib} GiB free (${Math.round(space * 100)} %), ${Math.round(files * 100)} % of its inodes`;
  const fix = "make room: take away images that no pod uses (berth gc), logs, or get a larger disk";
  if (Math.min(space, files) < FULL_SHARE) return bad(check, text, fix);
  return Math.min(space, files) < NEARLY_FULL_SHARE ? warning(check, text, fix) : good(check, text);
}

const FEW_INSTANCES = 256;
const FEW_WATCHES = 16_384;

async function inotifyFinding({ root }: Ground): Promise<Finding> {
  const read = async (name: string): Promise<number> =>
    Number(await readFile(`${root}/proc/sys/fs/inotify/${name}`, "utf8").catch(() => "NaN"));
  const [instances, watches] = await Promise.all([read("max_user_instances"), read("max_user_watches")]);
  const check = "inotify limits";
  if (Number.isNaN(instances) || Number.isNaN(watches)) return unknown(check, "they cannot be read");
  const text = `${instances} instances, ${watches} watches for each user`;
  if (instances >= FEW_INSTANCES && watches >= FEW_WATCHES) return good(check, text);
  return warning(
    check,
    `${text}: programs that follow logs or files in many pods fail with "too many open files"`,
    "printf 'fs.inotify.max_user_instances=1024\\nfs.inotify.max_user_watches=524288\\n' >/etc/sysctl.d/60-inotify.conf && sysctl --system",
  );
}

async function clockFinding({ root }: Ground): Promise<Finding> {
  const check = "clock";
  const fix = "let the clock be set: systemctl enable --now systemd-timesyncd, or install chrony";
  const synchronized = await access(`${root}/run/systemd/timesync/synchronized`).then(
    () => true,
    () => false,
  );
  if (synchronized) return good(check, "set by a time server");
  const said = await outputOf("timedatectl", ["show", "-p", "NTPSynchronized", "--value"]);
  if (said === "yes") return good(check, "set by a time server");
  if (said === "no")
    return warning(check, "no time server sets it: certificates, tokens and times of events may be wrong", fix);
  return unknown(check, "nobody here can tell whether a time server sets it (no timedatectl)");
}

/** What a small program prints; empty when it is not there or fails. */
async function outputOf(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "ignore"], timeout: 2000 });
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  const code: unknown = await once(child, "close").then(
    ([exitCode]) => exitCode,
    () => undefined,
  );
  return code === 0 ? out.trim() : "";
}
