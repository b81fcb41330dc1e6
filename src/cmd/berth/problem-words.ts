import type { Problem } from "../../pod/problem.ts";

/** `file:line:column`. */
export function placeOf(problem: Problem): string {
  return [problem.file, problem.line, problem.column].filter((part) => part !== undefined).join(":");
}

/** Two lines, which read better than a table whose cells are sentences. */
export function sentence(problem: Problem): string {
  const where = problem.path === undefined ? "" : `${problem.path}: `;
  return `${placeOf(problem)}: ${problem.severity}: ${where}${problem.message}\n    ${problem.advice}\n`;
}
