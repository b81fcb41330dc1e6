/** Run as a program of its own: takes a root directory and holds it until it is killed. */
import { takeRootDir } from "../../src/files/root-dir.ts";

await takeRootDir(JSON.parse(process.argv[2] ?? ""), new AbortController().signal);
console.log("held");
setInterval(() => {}, 60_000);
