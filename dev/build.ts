// Builds dist/: bundles of berthd, berth and the compile worker, the pinned Node.js beside them, and two launchers.
// CommonJS, not ES modules: importing `node:http` as an ES module reads all of its exports, which loads the whole of undici
// (13 MiB resident); a bundle that requires it does not.
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { build, type Plugin } from "esbuild";
import { billOfMaterials } from "./package/bill-of-materials.ts";
import { nodeRuntime } from "./package/node-binary.ts";
import { bundledPackages } from "./package/packages.ts";
import { ownArchitecture, releaseFor } from "./package/release.ts";

const ROOT = resolve(import.meta.dirname, "..");
const DIST = join(ROOT, "dist");
const LIB = join(DIST, "lib");

/**
 * What keeps the daemon small, with what each saved when it was measured (MiB resident): a small young generation (1.5); none
 * of the optimising compilers, whose code alone is 8 as soon as one function is hot, for a program that waits for others
 * nearly all the time; no threads for the garbage collector; pages that a collection freed given back a second after a burst
 * in place of being kept (40 after 50 pods were adopted); one arena of the C library for all threads (1.4); and buffers of
 * streams given back to the system (40 after some exec sessions). What V8 learns of code that runs now and then is kept (1.5):
 * without it a single pod starts 5 to 10 ms later.
 */
const DAEMON = {
  flags: [
    "--max-semi-space-size=1",
    "--no-opt",
    "--no-maglev",
    "--single-threaded-gc",
    "--optimize-for-size",
    "--gc-memory-reducer-start-delay-ms=1000",
    "--v8-pool-size=1",
  ],
  environment: ["MALLOC_ARENA_MAX=1", "MALLOC_MMAP_THRESHOLD_=32768", "MALLOC_TRIM_THRESHOLD_=65536"],
};
const CLI = { flags: ["--max-semi-space-size=1"], environment: [] };

/**
 * Parts of libraries that are never used and cost memory when they are loaded: prom-client's would load node:cluster and
 * node:https, and grpc-js's loader serves channelz alone.
 */
const UNUSED = [
  { importer: /\/prom-client\/index\.js$/, path: /^\.\/lib\/(?:cluster|pushgateway|defaultMetrics|summary)$/ },
  { importer: /\/@grpc\/grpc-js\//, path: /^@grpc\/proto-loader$/ },
];

/** Worker threads are started from files of their own, which lie beside the bundle. */
const WORKERS = ["src/manifest/compile-worker.ts"].filter((path) => existsSync(join(ROOT, path)));

const pointToBundledWorkers: Plugin = {
  name: "point-to-bundled-workers",
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const pointed = source.replace(
        /new URL\("\.\/([\w-]+)\.ts", import\.meta\.url\)/g,
        'new URL("./$1.cjs", import.meta.url)',
      );
      return pointed === source ? undefined : { contents: pointed, loader: "ts" };
    });
  },
};

const leaveOut: Plugin = {
  name: "leave-out",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/lib\/|^@grpc\/proto-loader$/ }, ({ importer, path }) => {
      const isUnused = UNUSED.some((unused) => unused.importer.test(importer) && unused.path.test(path));
      // The name stands in the bundle: it must not tell where that was built.
      return isUnused ? { path: `${relative(ROOT, importer)}:${path}`, namespace: "unused" } : undefined;
    });
    onLoad({ filter: /.*/, namespace: "unused" }, () => ({ contents: "module.exports = {};", loader: "js" }));
  },
};

/** Bundles the programs; the answer is the paths of the npm packages in them, by which licences and parts are listed. */
async function bundle(): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: [...["src/cmd/berthd.ts", "src/cmd/berth.ts", "src/cmd/purge.ts"], ...WORKERS].map((path) =>
      join(ROOT, path),
    ),
    entryNames: "[name]",
    outdir: LIB,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    define: { "import.meta.url": "__berthFile" },
    banner: { js: 'const __berthFile=require("node:url").pathToFileURL(__filename).href;' },
    plugins: [leaveOut, pointToBundledWorkers],
    logLevel: "warning",
    metafile: true,
  });
  const used = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
  const packages = used.flatMap(
    (path) => /^node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0] ?? [],
  );
  return [...new Set(packages)].sort();
}

/** V8 keeps a source with one character beyond Latin-1 at two bytes a character: that is a MiB of the daemon's memory. */
async function checkPlain(): Promise<void> {
  for (const name of await readdir(LIB)) {
    const bytes = await readFile(join(LIB, name));
    const at = bytes.findIndex((byte) => byte > 0x7f);
    if (at >= 0)
      throw new Error(`${name} is not plain ASCII; escape this in its source: ${bytes.subarray(at, at + 40)}`);
  }
}

/** A launcher finds its own place through symbolic links, so that it can be linked into a directory of the PATH. */
function launcher(program: string, { flags, environment }: typeof DAEMON | typeof CLI): string {
  return `#!/bin/sh
self=$0
while [ -L "$self" ]; do
  link=$(readlink "$self")
  case $link in /*) self=$link ;; *) self=$(dirname "$self")/$link ;; esac
done
lib=$(dirname "$self")/lib
${environment.map((setting) => `export ${setting}\n`).join("")}exec "$lib/node" ${flags.join(" ")} "$lib/${program}.cjs" "$@"
`;
}

async function main(): Promise<void> {
  await rm(DIST, { recursive: true, force: true });
  await mkdir(LIB, { recursive: true });
  await writeFile(join(DIST, "bundled.json"), `${JSON.stringify(await bundle(), undefined, 2)}\n`);
  await checkPlain();
  await copyFile(await realpath(join(ROOT, "node_modules/.bin/node")), join(LIB, "node"));
  for (const [program, way] of [
    ["berthd", DAEMON],
    ["berth", CLI],
  ] as const) {
    await writeFile(join(DIST, program), launcher(program, way));
    await chmod(join(DIST, program), 0o755);
  }
  await writeFile(join(DIST, "berth.cdx.json"), await bill());
}

/** What dist/ is made of, by the same list and in the same form as in the package. */
async function bill(): Promise<string> {
  const release = await releaseFor(ownArchitecture());
  return billOfMaterials(release, await bundledPackages(), await nodeRuntime(release.architecture));
}

await main();
