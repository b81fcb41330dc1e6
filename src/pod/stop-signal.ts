const PLAIN = [
  ...["ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE", "POLL"],
  ...["PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU", "URG", "USR1"],
  ...["USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN", "RTMAX"],
].map((name) => `SIG${name}`);
const upTo = (last: number): readonly number[] => Array.from({ length: last }, (_, at) => at + 1);

/** Signals that may end a container, as `lifecycle.stopSignal` writes them (V37). */
export const STOP_SIGNALS: readonly string[] = [
  ...PLAIN,
  ...upTo(15).map((count) => `SIGRTMIN+${count}`),
  ...upTo(14).map((count) => `SIGRTMAX-${count}`),
];
