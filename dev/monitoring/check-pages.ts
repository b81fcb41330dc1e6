// What promtool says of the pages that Prometheus reads.
import { tryCommand } from "../run-command.ts";
import { prometheusProgram } from "./debian-prometheus.ts";

/**
 * Lets promtool read each page of a berthd and answers a line for each. Throws when a page cannot be read, or when promtool
 * dislikes a name of Berth's own; those of the kubelet are as they are.
 */
export async function checkPages(target: string, paths: readonly string[]): Promise<string[]> {
  const promtool = await prometheusProgram("promtool");
  const lines: string[] = [];
  for (const path of paths) {
    const response = await fetch(`http://${target}${path}`);
    const page = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${page}`);
    const { code, stdout, stderr } = await tryCommand(promtool, ["check", "metrics"], { input: page });
    const complaints = `${stdout}${stderr}`.split("\n").filter((line) => line !== "");
    const own = complaints.filter((line) => line.startsWith("berth_"));
    if ((code !== 0 && code !== LINT) || own.length > 0) throw new Error(`${path}: promtool: ${complaints.join("; ")}`);
    const series = page.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length;
    const names = new Set(complaints.map((line) => line.split(" ")[0] ?? ""));
    const but = names.size === 0 ? "" : ` but the kubelet's ${[...names].join(", ")}`;
    lines.push(`promtool reads ${path}: ${series} series, and likes all names${but}`);
  }
  return lines;
}

/** How promtool ends when it could read all, and dislikes something. */
const LINT = 3;
