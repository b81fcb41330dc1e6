import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import { type CompiledFile, type CompileRequest, compileSteps, tooComplex } from "./compile.ts";

/**
 * Compiles files without ever holding up the event loop. Invariants:
 * - a simple file is compiled here, document by document: none takes 50 ms, and others get their turn between them;
 * - every other file is compiled in a worker thread, one at a time, which is killed when it takes too long or too much
 *   memory; the file is then one that is too complex;
 * - an idle worker thread is ended, so that it costs memory only while it is of use.
 */
export type Workshop = {
  compile(request: CompileRequest): Promise<Workpiece>;
  /** Ends the worker thread; what is under way settles as too complex. */
  close(): Promise<void>;
};

/** A compiled file; `late` when it did not get ready in time, which may be different on a calmer machine. */
export type Workpiece = { readonly file: CompiledFile; readonly late: boolean };

/**
 * Time of a processor for compiling one manifest in the worker thread, one at a time: what the host does besides makes no
 * manifest more complex. @limit The thread is killed; the file is a problem.
 */
const COMPILE_CPU_MS = 900;
/** The same by the clock on the wall, on a host that gives it next to nothing. @limit As above. */
const COMPILE_WALL_MS = 15_000;
const LOOK_EVERY_MS = 50;
const IDLE_MS = 5_000;
/** Memory of that thread. @limit As above. */
const WORKER_MIB = 256;
const WORKER_LIMITS = { maxOldGenerationSizeMb: WORKER_MIB, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 } as const;

/** Above either, compiling one document may take longer than the event loop can stand still (some 8 us a mark when cold). */
const INLINE_BYTES = 256 * 1024;
const INLINE_MARKS = 1_500;
/** Between documents, others get their turn when this much time went by. */
const TURN_MS = 10;

/** Where the worker's code is; a bundle brings its own. */
const WORKER_URL = new URL("./compile-worker.ts", import.meta.url);

/** A workshop with no worker thread until one is needed. */
export function makeWorkshop(workerUrl: URL | string = WORKER_URL): Workshop {
  let bench: Worker | undefined;
  let idle: NodeJS.Timeout | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  let closed = false;

  const dismiss = async (): Promise<void> => {
    const worker = bench;
    bench = undefined;
    await worker?.terminate();
  };

  const work = async (request: CompileRequest): Promise<Workpiece> => {
    if (closed) return { file: tooComplex(request.path, "berthd is leaving"), late: true };
    clearTimeout(idle);
    bench ??= await startWorker(workerUrl);
    const piece = await handTo(bench, request);
    if (piece.late) await dismiss();
    idle = setTimeout(() => void dismiss(), IDLE_MS).unref();
    return piece;
  };

  return {
    async compile(request) {
      if (isSimple(request.bytes)) return { file: await compileInTurns(request), late: false };
      const mine = queue.then(() => work(request));
      queue = mine.catch(() => undefined);
      return mine;
    },
    async close() {
      closed = true;
      clearTimeout(idle);
      await dismiss();
    },
  };
}

async function startWorker(workerUrl: URL | string): Promise<Worker> {
  const worker = await withRoom(async () => {
    const started = new Worker(workerUrl, { resourceLimits: WORKER_LIMITS });
    await once(started, "message");
    return started;
  });
  // An error when nobody waits for a file must not become an uncaught one.
  worker.on("error", () => {});
  // An idle thread keeps nobody from leaving; while it works, the deadline's timer does.
  worker.unref();
  return worker;
}

/** What a thread's heap may hold before it is cleared for the first time. */
const ROOM_MIB = 128;

/**
 * Starts a thread with room. berthd's own heap is kept small by being cleared often, which would take half of the time of a
 * thread that is soon gone. V8 reads this flag when it sets up a heap, so no other heap is changed by it.
 */
async function withRoom(start: () => Promise<Worker>): Promise<Worker> {
  setFlagsFromString(`--initial-old-space-size=${ROOM_MIB}`);
  try {
    return await start();
  } finally {
    setFlagsFromString("--initial-old-space-size=0");
  }
}

/** Time of a processor that the thread has had; undefined when it is no more. */
async function usedMs(worker: Worker): Promise<number | undefined> {
  try {
    const { user, system } = await worker.cpuUsage();
    return (user + system) / 1000;
  } catch {
    return undefined;
  }
}

/** One file to the worker thread; whatever ends the thread ends the wait. */
async function handTo(worker: Worker, request: CompileRequest): Promise<Workpiece> {
  const { promise, resolve } = Promise.withResolvers<Workpiece>();
  const giveUp = (why: string): void => resolve({ file: tooComplex(request.path, why), late: true });
  const timer = setTimeout(() => giveUp(`it was not done within ${COMPILE_WALL_MS} ms`), COMPILE_WALL_MS);
  const watch = watchUse(worker, () => giveUp(`it took a processor more than ${COMPILE_CPU_MS} ms`));
  const onMessage = (file: CompiledFile): void => resolve({ file, late: false });
  const onError = (error: Error): void => giveUp(isOutOfMemory(error) ? "it needs too much memory" : error.message);
  const onExit = (): void => giveUp("its compilation was cut off");
  worker.on("message", onMessage).on("error", onError).on("exit", onExit);
  worker.postMessage(request);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    clearInterval(watch);
    worker.off("message", onMessage).off("error", onError).off("exit", onExit);
  }
}

/** Tells when the thread has used up what one file may cost. */
function watchUse(worker: Worker, onUsedUp: () => void): NodeJS.Timeout {
  const before = usedMs(worker);
  return setInterval(async () => {
    const [begun, now] = [await before, await usedMs(worker)];
    if (begun !== undefined && now !== undefined && now - begun > COMPILE_CPU_MS) onUsedUp();
  }, LOOK_EVERY_MS);
}

const isOutOfMemory = (error: Error): boolean => "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";

/** Compiles here, with a pause now and then. */
async function compileInTurns(request: CompileRequest): Promise<CompiledFile> {
  const steps = compileSteps(request);
  let turnEnds = performance.now() + TURN_MS;
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() < turnEnds) continue;
    await setImmediate();
    turnEnds = performance.now() + TURN_MS;
  }
}

const MARKS = new Uint8Array(256);
for (const mark of "\n\r[]{},&*!?%|>'\"#:-") MARKS[mark.charCodeAt(0)] = 1;
const LINE_FEED = 10;
const HYPHEN = 45;

/** Whether each document of a file is surely compiled in a moment: few marks that make structure, no aliases. */
export function isSimple(bytes: Uint8Array): boolean {
  if (bytes.length > INLINE_BYTES) return false;
  let marks = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    marks += MARKS[bytes[at] ?? 0] ?? 0;
    if (marks > INLINE_MARKS) return false;
    if (bytes[at] === LINE_FEED && startsDocument(bytes, at + 1)) marks = 0;
  }
  return !hasAliases(Buffer.from(bytes).toString("latin1"));
}

const startsDocument = (bytes: Uint8Array, at: number): boolean =>
  bytes[at] === HYPHEN && bytes[at + 1] === HYPHEN && bytes[at + 2] === HYPHEN;

const hasAliases = (text: string): boolean =>
  /(?:^|[\s[{,:-])&[^\s,[\]{}&]/.test(text) && /(?:^|[\s[{,:-])\*[^\s,[\]{}]/.test(text);
