import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type LogFields, silentLog } from "../../src/base/log.ts";
import { makeLogKeeping } from "../../src/logs/keeping.ts";
import { makeLineReader } from "../../src/logs/lines.ts";
import { makeLogs } from "../../src/logs/read.ts";
import { makeTurns } from "../../src/logs/turns.ts";
import type { LogOptions } from "../../src/pod/log-options.ts";

const forever = new AbortController().signal;
const warnings: LogFields[] = [];
const turns = makeTurns();
const logs = makeLogs({ ...silentLog, warn: (_, fields) => void warnings.push(fields ?? {}) }, turns);

let directory = "";
let path = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "berth-logs-"));
  path = join(directory, "0.log");
  warnings.length = 0;
  onTestFinished(() => rmSync(directory, { recursive: true }));
});

const line = (text: string, { tag = "F", stream = "stdout", second = 0, fraction = ".000000001" } = {}): string =>
  `2030-01-01T00:00:${String(second).padStart(2, "0")}${fraction}Z ${stream} ${tag} ${text}\n`;

const plain: LogOptions = { follow: false, timestamps: false, running: () => false };

async function read(options: Partial<LogOptions> = {}, signal = forever): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of logs.read(path, { ...plain, ...options }, signal)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe("a log that is read once", () => {
  it("is the content of both streams, with partial lines joined and garbage passed over", async () => {
    writeFileSync(
      path,
      [
        line("one"),
        line("err", { stream: "stderr" }),
        line("long ", { tag: "P" }),
        line("line", { tag: "F" }),
        "garbage\n",
        "\n",
        "2030-01-01T00:00:00Z stdout F\n",
        "2030-01-01T00:00:00Z nowhere F x\n",
        "yesterday stdout F x\n",
        line("tagged", { tag: "F:more:tags" }),
        line(""),
        line("  blanks  stay "),
      ].join(""),
    );
    expect(await read()).toBe("one\nerr\nlong line\ntagged\n\n  blanks  stay \n");
    expect(warnings).toEqual([{ path, lines: 5 }]);
  });

  it("delivers a last line that has no newline yet", async () => {
    writeFileSync(path, line("one") + line("two").trimEnd());
    expect(await read()).toBe("one\ntwo");
  });

  it("shows times with nine digits, once for each line of the application", async () => {
    const parts = [
      line("a", { tag: "P", fraction: ".12" }),
      line("b", { fraction: ".5", second: 1 }),
      line("c", { fraction: "", second: 2 }),
      "2030-01-01T00:00:03.1+02:00 stdout F d\n",
    ];
    writeFileSync(path, parts.join(""));
    expect(await read({ timestamps: true })).toBe(
      [
        "2030-01-01T00:00:00.120000000Z ab",
        "2030-01-01T00:00:02.000000000Z c",
        "2030-01-01T00:00:03.100000000+02:00 d",
        "",
      ].join("\n"),
    );
  });

  it("begins at a time", async () => {
    writeFileSync(path, [0, 1, 2, 3].map((second) => line(`s${second}`, { second, fraction: ".999999999" })).join(""));
    expect(await read({ sinceWallMs: Date.parse("2030-01-01T00:00:02Z") })).toBe("s2\ns3\n");
    expect(await read({ sinceWallMs: Date.parse("2030-01-01T00:00:02.999Z") })).toBe("s2\ns3\n");
    expect(await read({ sinceWallMs: Date.parse("2030-01-01T00:00:03Z") })).toBe("s3\n");
  });

  it.each([
    [0, ""],
    [1, "err\n"],
    [2, "line\nerr\n"],
    [3, "long line\nerr\n"],
    [100, "one\nlong line\nerr\n"],
  ])("ends with the last %d lines of the file, partial ones counted", async (tailLines, expected) => {
    writeFileSync(
      path,
      [line("one"), line("long ", { tag: "P" }), line("line"), line("err", { stream: "stderr" })].join(""),
    );
    expect(await read({ tailLines })).toBe(expected);
  });

  it("finds the end of a huge file without reading it", async () => {
    const fd = openSync(path, "w");
    writeSync(fd, `\n${line("one")}${line("two")}`, 64 * 2 ** 30);
    closeSync(fd);
    expect(await read({ tailLines: 2 })).toBe("one\ntwo\n");
  });

  it("counts lines over the edges of blocks", async () => {
    const lines = Array.from({ length: 3000 }, (_, n) => line("x".repeat((n * 37) % 200)));
    writeFileSync(path, lines.join(""));
    const tail = await read({ tailLines: 1234 });
    expect(tail.split("\n")).toHaveLength(1235);
    expect(tail).toBe(
      lines
        .slice(-1234)
        .map((_, n) => `${"x".repeat(((n + 3000 - 1234) * 37) % 200)}\n`)
        .join(""),
    );
  });

  it("stops at the limit, inside a line or a time", async () => {
    writeFileSync(path, line("one") + line("two"));
    expect(await read({ limitBytes: 5 })).toBe("one\nt");
    expect(await read({ limitBytes: 4, timestamps: true })).toBe("2030");
  });

  it("holds no line in memory, however long", async () => {
    const piece = Buffer.alloc(1 << 20, "y");
    const fd = openSync(path, "w");
    writeSync(fd, line("").trimEnd().concat(" "));
    for (let mebibyte = 0; mebibyte < 64; mebibyte += 1) writeSync(fd, piece);
    writeSync(fd, "\n");
    closeSync(fd);
    let [largest, total] = [0, 0];
    for await (const chunk of logs.read(path, plain, forever)) {
      largest = Math.max(largest, chunk.length);
      total += chunk.length;
    }
    expect(total).toBe(64 * 2 ** 20 + 1);
    expect(largest).toBeLessThanOrEqual(128 * 1024);
  });

  it("is found through links, and missing is a code of its own", async () => {
    writeFileSync(path, line("one"));
    symlinkSync(path, join(directory, "link"));
    const chunks: Uint8Array[] = [];
    for await (const chunk of logs.read(join(directory, "link"), plain, forever)) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe("one\n");
    path = join(directory, "none/0.log");
    await expect(read()).rejects.toMatchObject({ code: "NotFound" });
    path = join(directory, "1.log");
    await expect(read()).rejects.toMatchObject({ code: "NotFound" });
  });
});

describe("the reader of lines", () => {
  it("gives the same content however the bytes are cut", () => {
    const bytes = Buffer.from(
      [line("one"), "garbage\n", line("é-", { tag: "P" }), line("two"), `${"g".repeat(400)} a b c\n`, line("end")].join(
        "",
      ),
    );
    const whole = makeLineReader({ timestamps: true }).take(bytes).toString();
    for (let size = 1; size < 60; size += 1) {
      const reader = makeLineReader({ timestamps: true });
      const pieces: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += size) pieces.push(reader.take(bytes.subarray(at, at + size)));
      expect(Buffer.concat(pieces).toString(), `pieces of ${size}`).toBe(whole);
      expect(reader.garbage).toBe(2);
    }
    expect(whole.split("\n")).toHaveLength(4);
  });
});

/** Collects what a follower tells, and lets a test wait for a text. */
function follow(options: Partial<LogOptions> = {}) {
  const stop = new AbortController();
  let running = true;
  let text = "";
  let told = Promise.withResolvers<void>();
  const done = (async () => {
    for await (const chunk of logs.read(
      path,
      { ...plain, follow: true, running: () => running, ...options },
      stop.signal,
    )) {
      text += Buffer.from(chunk).toString();
      told.resolve();
      told = Promise.withResolvers<void>();
    }
  })();
  return {
    stop,
    done,
    text: () => text,
    exit: () => {
      running = false;
    },
    until: async (wanted: string) => {
      while (!text.includes(wanted)) await told.promise;
      return text;
    },
  };
}

describe("a log that is followed", () => {
  it("grows, and ends when the container has stopped and all is read", async () => {
    writeFileSync(path, line("one"));
    const follower = follow();
    await follower.until("one");
    appendFileSync(path, line("two").slice(0, 20));
    appendFileSync(path, line("two").slice(20));
    await follower.until("two");
    appendFileSync(path, line("last"));
    follower.exit();
    await follower.done;
    expect(follower.text()).toBe("one\ntwo\nlast\n");
  });

  it("goes on across rotations, with the rest of the old file first", async () => {
    writeFileSync(path, line("one"));
    const follower = follow();
    await follower.until("one");
    for (let round = 0; round < 3; round += 1) {
      const old = openSync(path, "a");
      renameSync(path, `${path}.2030010${round}-000000`);
      writeSync(old, line(`old${round}`));
      // What the writer began in the old file is not ended in the new one.
      writeSync(old, line("cut off").slice(0, 30));
      closeSync(old);
      writeFileSync(path, line(`new${round}`));
      await follower.until(`new${round}`);
    }
    follower.exit();
    await follower.done;
    expect(follower.text()).toBe("one\nold0\nnew0\nold1\nnew1\nold2\nnew2\n");
  });

  it("misses no line of files that are rotated and removed faster than it looks", async () => {
    writeFileSync(path, line("line0"));
    const keeping = makeLogKeeping(directory, turns);
    const follower = follow();
    await follower.until("line0");
    for (let round = 1; round <= 6; round += 1) {
      await keeping.rotate(path, 2, async () => writeFileSync(path, line(`line${round}`)));
      await keeping.compress(path, forever);
    }
    follower.exit();
    await follower.done;
    expect(follower.text()).toBe(Array.from({ length: 7 }, (_, round) => `line${round}\n`).join(""));
    expect(readdirSync(directory)).toHaveLength(2);
  });

  it("says how many files a follower missed that was too slow", async () => {
    writeFileSync(path, line("begin"));
    const keeping = makeLogKeeping(directory, turns);
    const lines = logs.read(path, { ...plain, follow: true, running: () => false }, forever)[Symbol.asyncIterator]();
    await lines.next();
    for (let round = 1; round <= 20; round += 1) {
      await keeping.rotate(path, 2, async () => writeFileSync(path, line(`line${round}`)));
    }
    let text = "";
    for (let next = await lines.next(); !next.done; next = await lines.next())
      text += Buffer.from(next.value).toString();
    expect(text.split("\n").slice(0, 2)).toEqual(["line13", "line14"]);
    expect(warnings).toEqual([{ path, files: 12 }]);
  });

  it("may begin before there is a line", async () => {
    const follower = follow();
    writeFileSync(path, line("first"));
    await follower.until("first");
    follower.exit();
    await follower.done;
  });

  it("begins at the tail and stops at the limit", async () => {
    writeFileSync(path, line("one") + line("two"));
    const follower = follow({ tailLines: 1, limitBytes: 6 });
    await follower.until("two");
    appendFileSync(path, line("three"));
    await follower.done;
    expect(follower.text()).toBe("two\nth");
  });

  it("is read anew when it was cut short", async () => {
    writeFileSync(path, line("one") + line("two"));
    const follower = follow();
    await follower.until("two");
    writeFileSync(path, line("new"));
    await follower.until("new");
    follower.stop.abort();
    await follower.done;
  });

  it("ends quietly with its signal, and when nobody listens any more", async () => {
    writeFileSync(path, line("one"));
    const follower = follow();
    await follower.until("one");
    follower.stop.abort();
    await follower.done;
    for await (const chunk of logs.read(path, { ...plain, follow: true, running: () => true }, forever)) {
      expect(Buffer.from(chunk).toString()).toBe("one\n");
      break;
    }
  });

  it("of a container that never wrote ends when it stops", async () => {
    const follower = follow({ running: () => false });
    await expect(follower.done).rejects.toMatchObject({ code: "NotFound" });
  });
});
