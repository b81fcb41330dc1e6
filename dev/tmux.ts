import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { runCommand, tryCommand } from "./run-command.ts";

/** A terminal that a program draws on and a script types into. */
export type Screen = {
  /** What stands on it now, blanks at the ends of lines taken away. */
  text(): Promise<string>;
  /** Types text as it is. */
  type(text: string): Promise<void>;
  /** Presses a key by tmux's name for it: Enter, C-c, C-d. */
  press(key: string): Promise<void>;
  resize(columns: number, rows: number): Promise<void>;
  close(): Promise<void>;
};

/** Whether this machine can show a screen. */
export const hasTmux = (): boolean => existsSync("/usr/bin/tmux");

/** Opens a screen of its own, in a tmux server of its own, with a shell on it. */
export async function openScreen(
  columns: number,
  rows: number,
  environment: Readonly<Record<string, string>> = {},
): Promise<Screen> {
  const name = `berth-${randomBytes(4).toString("hex")}`;
  // tmux takes PATH from the environment of whoever asks, whatever -e says.
  const env = { ...process.env, ...environment };
  const tmux = (...args: string[]): Promise<string> =>
    runCommand("tmux", ["-L", name, "-f", "/dev/null", ...args], { env });
  const settings = Object.entries({ ...environment, PS1: "$ ", LC_ALL: "C.UTF-8" });
  const set = settings.flatMap(([key, value]) => ["-e", `${key}=${value}`]);
  await tmux("new-session", "-d", "-s", "main", "-x", String(columns), "-y", String(rows), ...set, "/bin/sh");
  return {
    async text() {
      const shown = await tmux("capture-pane", "-p", "-t", "main");
      return shown.replace(/[ ]+$/gm, "").trimEnd();
    },
    type: async (text) => void (await tmux("send-keys", "-t", "main", "-l", "--", text)),
    press: async (key) => void (await tmux("send-keys", "-t", "main", key)),
    resize: async (wide, high) =>
      void (await tmux("resize-window", "-t", "main", "-x", String(wide), "-y", String(high))),
    close: async () => void (await tryCommand("tmux", ["-L", name, "kill-server"])),
  };
}
