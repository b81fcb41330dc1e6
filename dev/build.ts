// Builds dist/: bundles of berthd, berth and the compile worker, the pinned Node.js beside them, and two launchers.
// CommonJS, not ES modules: importing `node:http` as an ES module reads all of its exports, which loads the whole of undici
// (13 MiB resident); a bundle that requires it does not.
import { chmod, copyFile, mkdir, realpath, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { build, type Plugin } from "esbuild";

const ROOT = resolve(import.meta.dirname, "..");
const DIST = join(ROOT, "dist");
const LIB = join(DIST, "lib");

/**
 * What keeps an idle daemon small, with what each saved when it was measured: a small young generation (1.5 MiB), no middle
 * tier of the compiler (2 MiB; hot code still reaches the last one), no threads for the garbage collector, and one arena
 * of the C library for all threads (1.4 MiB).
 */
const DAEMON = {
  flags: ["--max-semi-space-size=1", "--no-maglev", "--single-threaded-gc", "--v8-pool-size=1"],
  environment: ["MALLOC_ARENA_MAX=1"],
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

const leaveOut: Plugin = {
  name: "leave-out",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/lib\/|^@grpc\/proto-loader$/ }, ({ importer, path }) => {
      const isUnused = UNUSED.some((unused) => unused.importer.test(importer) && unused.path.test(path));
      return isUnused ? { path: `${importer}:${path}`, namespace: "unused" } : undefined;
    });
    onLoad({ filter: /.*/, namespace: "unused" }, () => ({ contents: "module.exports = {};", loader: "js" }));
  },
};

async function bundle(): Promise<void> {
  await build({
    entryPoints: { berthd: join(ROOT, "src/cmd/berthd.ts"), berth: join(ROOT, "src/cmd/berth.ts") },
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
    plugins: [leaveOut],
    logLevel: "warning",
  });
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
  await bundle();
  await copyFile(await realpath(join(ROOT, "node_modules/.bin/node")), join(LIB, "node"));
  for (const [program, way] of [
    ["berthd", DAEMON],
    ["berth", CLI],
  ] as const) {
    await writeFile(join(DIST, program), launcher(program, way));
    await chmod(join(DIST, program), 0o755);
  }
}

await main();
