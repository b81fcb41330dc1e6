import type { Script, Step } from "./script/script.ts";

/** Runs that shrinking may cost. */
const MOST_RUNS = 600;

/** A smaller script that breaks as well: ever smaller parts of its steps are left out, then what is left is made plainer. */
export function shrink(script: Script, breaks: (script: Script) => boolean): Script {
  let runs = 0;
  const still = (smaller: Script): boolean => {
    runs += 1;
    return runs <= MOST_RUNS && breaks(smaller);
  };
  let small = script;
  for (let size = Math.ceil(script.steps.length / 2); size >= 1; ) {
    const before = small.steps.length;
    small = withoutParts(small, size, still);
    size = small.steps.length < before && size === 1 ? 1 : size === 1 ? 0 : Math.ceil(size / 2);
  }
  return withPlainerSteps(small, still);
}

function withoutParts(script: Script, size: number, still: (script: Script) => boolean): Script {
  let small = script;
  for (let at = 0; at < small.steps.length; ) {
    const steps = [...small.steps.slice(0, at), ...small.steps.slice(at + size)];
    if (still({ ...small, steps })) small = { ...small, steps };
    else at += size;
  }
  return small;
}

function withPlainerSteps(script: Script, still: (script: Script) => boolean): Script {
  let small = script;
  for (let at = 0; at < small.steps.length; at += 1) {
    for (const plainer of plainerThan(small.steps[at])) {
      const next = { ...small, steps: small.steps.map((step, place) => (place === at ? plainer : step)) };
      if (still(next)) small = next;
    }
  }
  return small;
}

function plainerThan(step: Step | undefined): readonly Step[] {
  if (step?.do === "put" && step.documents.length > 1) return [{ ...step, documents: step.documents.slice(0, 1) }];
  if ((step?.do === "fault" || step?.do === "event-fault") && step.times > 1) return [{ ...step, times: 1 }];
  if (step?.do === "behave" && step.lives.length > 1) return [{ ...step, lives: step.lives.slice(0, 1) }];
  return [];
}
