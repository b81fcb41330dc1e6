// Run on a booted host by the package's own Node.js: `stop-loop.ts PID LOOP` stops one loop of a berthd that runs, by its
// debugger: what the loop waits for never comes again. Everything else of the process goes on as before.

/** In the process: changes what the loop waits for, wherever it lies. Answers how many places were changed. */
function stopWithin(objects: Record<string, unknown>[], loop: string): number {
  const has = (object: Record<string, unknown>, ...names: string[]): boolean =>
    // never by a getter, which may do anything
    names.every((name) => typeof Object.getOwnPropertyDescriptor(object, name)?.value === "function");
  const never = () => new Promise(() => {});
  const stop = (found: Record<string, unknown>[], name: string): number => {
    for (const object of found) object[name] = never;
    return found.length;
  };
  if (loop === "runtime health") {
    return stop(
      objects.filter((object) => has(object, "health", "list", "onReconnect")),
      "health",
    );
  }
  if (loop === "container logs") {
    return stop(
      objects.filter((object) => has(object, "size", "freeBytes", "rotate")),
      "freeBytes",
    );
  }
  const nodes = objects.filter((object) => has(object, "ring", "shutDown", "goOn"));
  const bells = objects.filter(
    (object) => has(object, "ring", "wait") && nodes.some(({ ring }) => ring === object.ring),
  );
  const changed = stop(bells, "wait");
  for (const node of nodes) (node.ring as () => void)();
  return changed;
}

type Answer = { readonly objectId?: string; readonly value?: unknown };

async function main(pid: number, loop: string): Promise<void> {
  process.kill(pid, "SIGUSR1");
  const debuggee = await connect();
  const prototype = await debuggee.ask("Runtime.evaluate", { expression: "Object.prototype" }, "result");
  const objects = await debuggee.ask("Runtime.queryObjects", { prototypeObjectId: prototype.objectId }, "objects");
  const call = {
    objectId: objects.objectId,
    functionDeclaration: `function (loop) { return (${stopWithin})(this, loop); }`,
    arguments: [{ value: loop }],
    returnByValue: true,
  };
  const { value } = await debuggee.ask("Runtime.callFunctionOn", call, "result");
  await debuggee.ask("Runtime.releaseObject", { objectId: objects.objectId }, "result");
  debuggee.close();
  console.log(`${value} places`);
  if (!(Number(value) > 0)) throw new Error(`there is nothing that the loop "${loop}" waits for`);
}

/** The debugger of the process, once it listens. */
async function connect() {
  const socket = new WebSocket(await address());
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error("no debugger"));
  });
  let last = 0;
  return {
    close: () => socket.close(),
    /** Asks one question at a time; `part` is where the answer has its object. */
    async ask(method: string, params: object, part: string): Promise<Answer> {
      last += 1;
      const id = last;
      const answer = new Promise<Record<string, unknown>>((resolve) => {
        socket.onmessage = ({ data }) => {
          const message = JSON.parse(String(data)) as Record<string, unknown>;
          if (message.id === id) resolve(message);
        };
      });
      socket.send(JSON.stringify({ id, method, params }));
      const { result, error } = await answer;
      const failure = error ?? (result as { exceptionDetails?: unknown }).exceptionDetails;
      if (failure !== undefined) throw new Error(`${method}: ${JSON.stringify(failure)}`);
      return (result as Record<string, Answer>)[part] ?? {};
    },
  };
}

async function address(): Promise<string> {
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      const [target] = (await (await fetch("http://127.0.0.1:9229/json/list")).json()) as {
        webSocketDebuggerUrl: string;
      }[];
      if (target !== undefined) return target.webSocketDebuggerUrl;
    } catch {
      // it begins to listen
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the process opens no debugger");
}

const [, , pid, loop = ""] = process.argv;
await main(Number(pid), loop);
process.exit();
