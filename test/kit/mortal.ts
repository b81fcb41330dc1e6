/** A life that can end between two steps, as that of a process does at kill -9. */
export type Life = { readonly alive: () => boolean; end(): void };

/** A life that goes on. */
export function newLife(): Life {
  let alive = true;
  return {
    alive: () => alive,
    end() {
      alive = false;
    },
  };
}

/** A new one each time: whoever waits for it is kept by it alone, and both are forgotten together. */
const never = (): Promise<never> => new Promise(() => {});

/**
 * The port as its user sees it while it lives. After its end no call begins, no answer arrives, no listener is called and no
 * iteration goes on; what had begun outside goes on there.
 */
export function mortal<T extends object>(port: T, life: Life): T {
  const guards = new Map<unknown, unknown>();
  return new Proxy(port, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== "function") return value;
      const known = guards.get(value);
      if (known !== undefined) return known;
      const guard: unknown = PASSING.has(key) ? value.bind(target) : guarded(target, key, value as Listener, life);
      guards.set(value, guard);
      return guard;
    },
  });
}

const guarded =
  (target: object, key: string | symbol, value: Listener, life: Life): Listener =>
  (...args) => {
    if (!life.alive()) return key in LAST_WORDS ? LAST_WORDS[key] : never();
    const all = args.map((arg) => (typeof arg === "function" ? listener(arg as Listener, life) : arg));
    return answer(Reflect.apply(value, target, all), life);
  };

/** What is asked in passing and changes nothing: answered also in the last moments of a frozen loop. */
const PASSING: ReadonlySet<string | symbol> = new Set(["now", "capabilities", "logPath", "bodies"]);
/** What the dead get for an answer where no promise is expected. */
const LAST_WORDS: Readonly<Record<string | symbol, unknown>> = { events: undefined, onReconnect: () => {} };

type Listener = (...args: readonly unknown[]) => unknown;

const listener =
  (call: Listener, life: Life): Listener =>
  (...args) =>
    life.alive() ? call(...args) : undefined;

function answer(result: unknown, life: Life): unknown {
  if (result instanceof Promise) return whileAlive(result, life);
  if (isAsyncIterable(result)) return iterateWhileAlive(result, life);
  return result;
}

function whileAlive<T>(promise: Promise<T>, life: Life): Promise<T> {
  return new Promise((resolve, reject) => {
    promise.then(
      (value) => life.alive() && resolve(value),
      (error: unknown) => life.alive() && reject(error),
    );
  });
}

async function* iterateWhileAlive<T>(source: AsyncIterable<T>, life: Life): AsyncGenerator<T> {
  for await (const item of source) {
    if (!life.alive()) await never();
    yield item;
  }
}

const isAsyncIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === "object" && value !== null && Symbol.asyncIterator in value;
