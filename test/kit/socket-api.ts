import { request } from "node:http";

/** GET of berthd's API over its socket, as JSON. Throws for every answer that is not 200. */
export function getOverSocket<T>(socket: string, path: string): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const asked = request({ socketPath: socket, path, timeout: 10_000 }, (answer) => {
    const chunks: Buffer[] = [];
    answer.on("data", (chunk: Buffer) => chunks.push(chunk));
    answer.on("error", reject);
    answer.on("end", () => {
      const text = String(Buffer.concat(chunks));
      if (answer.statusCode === 200) resolve(JSON.parse(text) as T);
      else reject(new Error(`GET ${path}: ${answer.statusCode} ${text}`));
    });
  });
  asked.on("timeout", () => asked.destroy(new Error(`GET ${path}: no answer in 10 s`)));
  asked.on("error", reject);
  asked.end();
  return promise;
}
