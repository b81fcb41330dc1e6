import type { Readable } from "node:stream";

/** Where a command reads and writes: data goes to `out`, talk to `err`. */
export type Terminal = {
  readonly out: Output;
  readonly err: Output;
  readonly in: Readable & { readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal;
  now(): number;
};

export type Output = {
  /** Resolves when there is room again. */
  write(chunk: string | Uint8Array): Promise<void>;
  readonly isTerminal: boolean;
  /** Width in characters; undefined when it is not a terminal. */
  readonly columns: number | undefined;
  readonly rows: number | undefined;
  onResize(listener: () => void): void;
};

/** A failure that ends a command with an exit code; the message is for people. */
export class CommandFailure extends Error {
  readonly exitCode: number;
  /** Nobody answers at the moment: the same may succeed when berthd is there again. */
  readonly isAway: boolean;

  constructor(message: string, exitCode = 1, isAway = false) {
    super(message);
    this.name = "CommandFailure";
    this.exitCode = exitCode;
    this.isAway = isAway;
  }
}

/** The failure of a request that nobody answers at the moment. */
export const awayFailure = (message: string): CommandFailure => new CommandFailure(message, 1, true);

/** Wrong use of the command line: exit code 2. */
export function usageFailure(message: string): CommandFailure {
  return new CommandFailure(message, 2);
}

const COLOURS = { red: 31, green: 32, yellow: 33 } as const;
export type Colour = keyof typeof COLOURS;

function hasColour({ out, environment }: Terminal): boolean {
  return out.isTerminal && (environment.NO_COLOR ?? "") === "" && environment.TERM !== "dumb";
}

/** The text in colour, where the output is a terminal and NO_COLOR is not set. */
export function paint(terminal: Terminal, text: string, colour: Colour | undefined): string {
  return colour === undefined || !hasColour(terminal) ? text : `\u001b[${COLOURS[colour]}m${text}\u001b[0m`;
}

/** The failure of a command that cannot read a file. */
export function unreadable(path: string, error: NodeJS.ErrnoException): CommandFailure {
  return new CommandFailure(error.code === "ENOENT" ? `there is no file ${path}` : `${path}: ${error.message}`);
}
