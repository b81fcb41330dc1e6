import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { findPodProcesses } from "../../src/cmd/pod-processes.ts";

let proc: string;
const CGROUPS: Readonly<Record<string, string>> = {
  "1": "0::/init.scope\n",
  "70": "4:memory:/kubepods/burstable/pod11-aa/0123\n3:cpu:/kubepods/burstable/pod11-aa/0123\n",
  "71": "0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod22_bb.slice/cri-containerd-4567.scope\n",
  self: "0::/kubepods/pod33-cc/x\n",
};

beforeAll(async () => {
  proc = await mkdtemp(join(tmpdir(), "berth-proc-"));
  for (const [pid, text] of Object.entries(CGROUPS)) {
    await mkdir(join(proc, pid));
    await writeFile(join(proc, pid, "cgroup"), text);
  }
  await mkdir(join(proc, "72")); // gone before its cgroups could be read
});
afterAll(() => rm(proc, { recursive: true }));

it("finds pods that have a process, whichever driver made their cgroups", async () => {
  expect(await findPodProcesses(["11-aa", "22-bb", "33-cc", "44-dd"], proc)).toEqual(["11-aa", "22-bb"]);
});
