/** What every container of the benchmark runs: a small web server that does nothing by itself. */
export const CONTAINER_COMMAND = ["sh", "-c", "mkdir /www && echo ok >/www/ok && exec httpd -f -p 8080 -h /www"];
export const HTTP_PORT = 8080;
export const HTTP_PATH = "/ok";

/** The manifest of one pod, with a probe each second where one is wanted. */
export function manifestOf(name: string, probe?: "exec" | "http"): string {
  const handler =
    probe === "exec" ? { exec: { command: ["true"] } } : { httpGet: { port: HTTP_PORT, path: HTTP_PATH } };
  const main = {
    name: "main",
    image: "busybox:1.36",
    command: probe === undefined ? ["sleep", "1000000"] : CONTAINER_COMMAND,
    ...(probe === undefined ? {} : { livenessProbe: { ...handler, periodSeconds: 1 } }),
  };
  const spec = { terminationGracePeriodSeconds: 0, containers: [main] };
  return `${JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: { name }, spec }, undefined, 2)}\n`;
}
