import { INTERRUPTED, runBerth } from "./berth/run.ts";
import { systemTerminal } from "./berth/system-terminal.ts";

const leaving = new AbortController();
let leftBy: NodeJS.Signals | undefined;
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(name, () => {
    leftBy = name;
    leaving.abort();
  });
}

void runBerth(process.argv.slice(2), systemTerminal(leaving.signal)).then((exitCode) => {
  process.exitCode = exitCode;
  // a shell goes on with its loop unless it sees that the signal has ended the command
  if (leftBy !== undefined && exitCode === INTERRUPTED) process.kill(process.pid, leftBy);
});
