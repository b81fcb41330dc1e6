import { apply } from "./apply.ts";
import { attach } from "./attach.ts";
import type { Command } from "./command.ts";
import { completion } from "./completion.ts";
import { cp } from "./cp.ts";
import { remove } from "./delete.ts";
import { describe } from "./describe.ts";
import { diff } from "./diff.ts";
import { doctor } from "./doctor.ts";
import { drain, uncordon } from "./drain.ts";
import { exec } from "./exec.ts";
import { explain } from "./explain.ts";
import { gc } from "./gc.ts";
import { get } from "./get.ts";
import { image } from "./image.ts";
import { logs } from "./logs.ts";
import { portForward } from "./port-forward.ts";
import { restart } from "./restart.ts";
import { top } from "./top.ts";
import { validate } from "./validate.ts";
import { version } from "./version-command.ts";
import { wait } from "./wait.ts";

/** Every command by name; help and completion follow from it. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  get,
  describe,
  explain,
  logs,
  exec,
  attach,
  "port-forward": portForward,
  cp,
  top,
  restart,
  wait,
  apply,
  delete: remove,
  diff,
  validate,
  doctor,
  image,
  drain,
  uncordon,
  gc,
  version,
  completion,
};
