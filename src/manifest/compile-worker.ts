import { parentPort } from "node:worker_threads";
import { type CompileRequest, compileFile } from "./compile.ts";

/** The worker thread in which large and suspicious files are compiled; workshop.ts starts it and ends it. */
parentPort?.on("message", (request: CompileRequest) => {
  parentPort?.postMessage(compileFile(request));
});

// Loading the code is no part of a file's time.
parentPort?.postMessage("ready");
