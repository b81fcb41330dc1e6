import { stat } from "node:fs/promises";

/** A text that changes whenever one of the files is written, replaced, removed or appears. Never throws. */
export async function fileMarks(paths: readonly string[]): Promise<string> {
  const marks = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        ({ ino, mtimeMs, size }) => `${ino} ${mtimeMs} ${size}`,
        () => "missing",
      ),
    ),
  );
  return marks.join("\n");
}
