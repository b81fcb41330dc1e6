// Checks the alert rules and the scrape configuration and runs the rules' tests, with promtool from Debian's prometheus, which
// is unpacked into .work once and not installed.
import { join } from "node:path";
import { checkout } from "../paths.ts";
import { runCommand } from "../run-command.ts";
import { fail, messageOf } from "../say.ts";
import { prometheusProgram } from "./debian-prometheus.ts";

const monitoring = join(checkout, "monitoring");

try {
  const program = await prometheusProgram("promtool");
  for (const words of [
    ["check", "config", "scrape.yaml"],
    ["test", "rules", "alerts.test.yaml"],
  ])
    process.stdout.write(await runCommand(program, words, { cwd: monitoring }));
} catch (thrown) {
  fail(messageOf(thrown));
}
