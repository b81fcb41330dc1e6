import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "../run-command.ts";
import { say } from "../say.ts";
import { findDebianEntry, openSuite, refreshLists, type Suite } from "../setup/apt.ts";
import { CLUSTER_SUITE, CLUSTER_VERSION, clusterCache, clusterPrograms, programFolder } from "./places.ts";

/** Go, the tools that its build wants, and the parts of a cluster that Debian has ready. */
const packages = [
  "golang-1.19-go",
  "golang-1.19-src",
  "rsync",
  "libpopt0",
  "libxxhash0",
  "etcd-server",
  "kubernetes-client",
];
const compiled = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"];

/**
 * Makes the programs of a real control plane: etcd and kubectl from Debian's packages, the rest compiled from its source
 * package. Takes some minutes the first time and nothing later. Nothing is installed on the machine. Throws with what the
 * failed step printed.
 */
export async function makeClusterPrograms(): Promise<void> {
  if (clusterPrograms.every((name) => existsSync(join(programFolder, name)))) return;
  const scratch = join(clusterCache, "scratch");
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true });
  await refreshLists();
  const entry = await findDebianEntry();
  say(`looking for Kubernetes ${CLUSTER_VERSION} in Debian ${CLUSTER_SUITE}, with an apt configuration of its own`);
  const suite = await openSuite(CLUSTER_SUITE, entry, join(scratch, "apt"), "deb deb-src");
  const tree = await unpackPackages(suite, scratch);
  const goPath = await unpackSource(suite, scratch);
  const built = await compile(tree, goPath, join(scratch, "programs"));
  await copyFile(join(tree, "usr/bin/etcd"), join(built, "etcd"));
  await copyFile(join(tree, "usr/bin/kubectl"), join(built, "kubectl"));
  await rm(programFolder, { recursive: true, force: true });
  await rename(built, programFolder);
  await rm(scratch, { recursive: true, force: true });
}

async function unpackPackages(suite: Suite, scratch: string): Promise<string> {
  say(`fetching ${packages.join(", ")} (unpacked in the cache, not installed)`);
  const debs = join(scratch, "debs");
  const tree = join(scratch, "tree");
  await mkdir(debs);
  await runCommand("apt-get", [...suite.options, "download", ...packages], { cwd: debs });
  for (const deb of await readdir(debs)) await runCommand("dpkg", ["-x", join(debs, deb), tree]);
  return tree;
}

async function unpackSource(suite: Suite, scratch: string): Promise<string> {
  say("fetching the sources of kubernetes");
  const folder = join(scratch, "source");
  await mkdir(folder);
  await runCommand("apt-get", [...suite.options, "source", "--download-only", "kubernetes"], { cwd: folder });
  const description = (await readdir(folder)).find((name) => name.endsWith(".dsc"));
  if (description === undefined) throw new Error("apt-get source fetched no description of the source package");
  const goPath = join(scratch, "go");
  const home = join(goPath, "src/k8s.io");
  await mkdir(home, { recursive: true });
  await runCommand("dpkg-source", ["--no-check", "-x", join(folder, description), join(home, "kubernetes")]);
  return goPath;
}

async function compile(tree: string, goPath: string, goal: string): Promise<string> {
  const cwd = join(goPath, "src/k8s.io/kubernetes");
  const goRoot = join(tree, "usr/lib/go-1.19");
  const env = {
    ...process.env,
    GOROOT: goRoot,
    GOPATH: goPath,
    GOCACHE: join(goPath, "cache"),
    GO111MODULE: "off",
    GOFLAGS: "",
    CGO_ENABLED: "0",
    PATH: `${goRoot}/bin:${tree}/usr/bin:${process.env.PATH}`,
    LD_LIBRARY_PATH: join(tree, "usr/lib/x86_64-linux-gnu"),
  };
  say("generating code (make generated_files)");
  await runCommand("make", ["generated_files"], { cwd, env });
  await mkdir(goal, { recursive: true });
  for (const name of compiled) {
    say(`compiling ${name}`);
    await runCommand("go", ["build", "-ldflags", "-s -w", "-o", join(goal, name), `./cmd/${name}`], { cwd, env });
  }
  return goal;
}
