import childProcess from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";

/** What a simulation must not reach: real time, timers, files, sockets, processes and chance. */
const FORBIDDEN: readonly (readonly [owner: object, name: string])[] = [
  ...["setTimeout", "setInterval", "setImmediate", "fetch"].map((name) => [globalThis, name] as const),
  [Math, "random"],
  [Date, "now"],
  [performance, "now"],
  [process, "hrtime"],
  [crypto, "randomBytes"],
  [crypto, "randomUUID"],
  ...[
    "readFile",
    "readFileSync",
    "writeFile",
    "writeFileSync",
    "open",
    "openSync",
    "statSync",
    "readdirSync",
    "watch",
  ].map((name) => [fs, name] as const),
  ...["readFile", "writeFile", "open", "stat", "readdir", "mkdir", "rm", "rename"].map(
    (name) => [fs.promises, name] as const,
  ),
  [net, "connect"],
  [net, "createServer"],
  [childProcess, "spawn"],
  [childProcess, "execFile"],
];

let armed = false;
let reached: string | undefined;

/** Sets the traps of this process: for as long as `trapped` works, whoever reaches for the real world gets an error. */
export function setTraps(): void {
  for (const [owner, name] of FORBIDDEN) {
    const real = Reflect.get(owner, name) as (...args: unknown[]) => unknown;
    const guarded = function (this: unknown, ...args: unknown[]): unknown {
      spring(name);
      return Reflect.apply(real, this, args);
    };
    Object.defineProperty(owner, name, { value: guarded, configurable: true, writable: true });
  }
  const RealDate = Date;
  globalThis.Date = new Proxy(RealDate, {
    construct(target, args, self) {
      if (args.length === 0) spring("new Date()");
      return Reflect.construct(target, args, self) as object;
    },
  });
  syncBuiltinESMExports();
}

function spring(name: string): void {
  if (!armed) return;
  reached ??= name;
  throw new Error(`${name} was reached inside a simulation`);
}

/** Works with the traps armed; an error even where the one that they threw was caught. */
export function trapped<T>(work: () => T): T {
  armed = true;
  reached = undefined;
  try {
    return work();
  } finally {
    armed = false;
    if (reached !== undefined) process.stderr.write(`trap: ${reached}\n`);
  }
}

/** What was reached for in the last work, if anything. */
export const lastReached = (): string | undefined => reached;
