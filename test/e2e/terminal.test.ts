import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { programOf } from "../../dev/agent/programs.ts";
import { hasTmux, openScreen, type Screen } from "../../dev/tmux.ts";
import { type Host, openHost } from "../kit/host.ts";
import { container, pod, sh } from "../kit/sample-pods.ts";

let host: Host;
let screen: Screen;
let berth: string;

// the set-up of this repository installs tmux; elsewhere these tests say that they were left out
describe.skipIf(!hasTmux())("on a terminal", () => {
  beforeAll(async () => {
    host = await openHost();
    const shell = container("shell", { command: sh("while :; do sh; done"), stdin: true, tty: true });
    await host.manifests.drop("shell.yaml", pod("shell", { containers: [shell, container("quiet")] }));
    await host.running("shell", "shell");
    await host.running("shell", "quiet");
    const { command, args } = programOf("berth");
    berth = [command, ...args].join(" ");
  });

  afterAll(() => host?.close());

  beforeEach(async () => {
    screen = await openScreen(100, 30, { BERTH_SOCKET: host.places.socket });
  });

  afterEach(() => screen.close());

  const shows = (pattern: RegExp) =>
    host.eventually(`the screen shows ${pattern}`, async () => expect(await screen.text()).toMatch(pattern));

  async function enter(line: string): Promise<void> {
    await screen.type(line);
    await screen.press("Enter");
  }

  it("exec -it is a shell of the right size, which Ctrl-C does not end, and whose exit code comes back", async () => {
    await enter(`clear; ${berth} exec -it shell -c quiet -- sh; echo code $?`);
    await shows(/^\/ #$/m);
    await enter("stty size");
    await shows(/^30 100$/m);
    await screen.resize(80, 24);
    await host.eventually("the size has changed", async () => {
      await enter("clear; stty size");
      expect(await screen.text()).toMatch(/^24 80$/m);
    });
    // While the shell reads a line, Ctrl-C would only be a byte of it.
    await enter("echo asleep $((40 + 1)); sleep 1000");
    await shows(/^asleep 41$/m);
    await screen.press("C-c");
    await enter("echo still $((40 + 2))");
    await shows(/^still 42$/m);
    await enter("exit 7");
    await shows(/^code 7$/m);
    // the terminal is itself again: it echoes, and a line is a line
    await enter("echo after");
    await shows(/^after$/m);
  });

  it("attach -it types to the container's own process", async () => {
    await enter(`clear; ${berth} attach -it shell -c shell; echo code $?`);
    await shows(/If you see no prompt/);
    await enter("echo from $((20 + 1))");
    await shows(/^from 21$/m);
  });

  it("top goes on until q, and leaves the screen as it was", async () => {
    await enter(`echo before; ${berth} top pods --interval 1; echo left $?`);
    await shows(new RegExp(`^NAME +CPU\\(cores\\) +MEMORY\\(bytes\\)\nshell-${host.node} +\\d+m +\\d+Mi\n`));
    await screen.type("q");
    await shows(/before\nleft 0/);
  });
});
