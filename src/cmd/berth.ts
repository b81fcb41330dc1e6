import { runBerth } from "./berth/run.ts";
import { systemTerminal } from "./berth/system-terminal.ts";

const leaving = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, () => leaving.abort());

void runBerth(process.argv.slice(2), systemTerminal(leaving.signal)).then((exitCode) => {
  process.exitCode = exitCode;
});
