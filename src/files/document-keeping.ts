import { mkdir, readFile, rename, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BerthError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { DocumentKey } from "../pod/desired.ts";
import type { DocumentKeeping, KeptDocument } from "../pod/document.ts";
import { doing, ifThere } from "./failure.ts";

/** Bytes of all ConfigMaps, or of all Secrets, as JSON. @limit They are not kept for a restart: an error in the log. */
const LARGEST_KEPT_BYTES = 64 * 1024 * 1024;

/** Where documents are kept. */
export type DocumentPlaces = {
  readonly rootDir: string;
  /** Secrets lie here, if it is on a file system in memory; else they are not kept at all. */
  readonly memoryDir: string | undefined;
  /** Tells apart what several root directories keep in one `memoryDir`. */
  readonly ownerId: string;
  readonly log: Log;
};

/** ConfigMaps are kept on disk beside the records of pods, Secrets in memory: they are gone with the next boot (D1, D2). */
export function makeDocumentKeeping({ rootDir, memoryDir, ownerId, log }: DocumentPlaces): DocumentKeeping {
  const configMaps = join(rootDir, "configmaps.json");
  const secrets = memoryDir === undefined ? undefined : join(memoryDir, `secrets-${ownerId}.json`);
  /** @bound What was written last of each file: two texts. */
  const written = new Map<string, string>();

  const loadFile = async (path: string): Promise<readonly KeptDocument[]> => {
    try {
      const text = await ifThere(readFile(path, "utf8"));
      return text === undefined ? [] : decode(text);
    } catch {
      // What the parser complains of would quote the file.
      log.warn("the kept documents cannot be read; those of the manifest directory count", { path });
      return [];
    }
  };
  const putFile = async (path: string, documents: readonly KeptDocument[]): Promise<void> => {
    const text = encode(documents);
    if (written.get(path) === text) return;
    if (text.length > LARGEST_KEPT_BYTES) {
      await rm(path, { force: true });
      throw new BerthError("FileFailed", `the documents for ${path} are larger than ${LARGEST_KEPT_BYTES} bytes`);
    }
    const next = `${path}.next`;
    await writeFile(next, text, { mode: 0o600 });
    await rename(next, path);
    written.set(path, text);
  };
  const inMemory = async (): Promise<string | undefined> =>
    secrets !== undefined && memoryDir !== undefined && (await isMemory(memoryDir)) ? secrets : undefined;

  return {
    load: (signal) =>
      doing("load the kept documents", "FileFailed", signal, async () => {
        const ofSecrets = await inMemory();
        const files = [configMaps, ...(ofSecrets === undefined ? [] : [ofSecrets])];
        return (await Promise.all(files.map(loadFile))).flat();
      }),
    put: (documents, signal) =>
      doing("keep the documents for the next start", "FileFailed", signal, async () => {
        const ofSecrets = await inMemory();
        await putFile(
          configMaps,
          documents.filter((one) => !isSecret(one)),
        );
        if (ofSecrets !== undefined) await putFile(ofSecrets, documents.filter(isSecret));
      }),
  };
}

const isSecret = ({ content }: KeptDocument): boolean => content.key.startsWith("Secret/");

const TMPFS = 0x01021994;
const RAMFS = 0x858458f6;

async function isMemory(directory: string): Promise<boolean> {
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const { type } = await statfs(directory);
  return type === TMPFS || type === RAMFS;
}

type Written = {
  readonly key: DocumentKey;
  readonly version: string;
  readonly immutable: boolean;
  readonly seenWallMs: number;
  readonly path: string;
  readonly type: string;
  readonly data: Readonly<Record<string, string>>;
  readonly binaryKeys: readonly string[];
};

function encode(documents: readonly KeptDocument[]): string {
  const all = documents.map(({ content: { body, ...content }, path }): Written => {
    const data = [...body.data].map(([name, bytes]) => [name, Buffer.from(bytes).toString("base64")]);
    return { ...content, path, type: body.type, data: Object.fromEntries(data), binaryKeys: [...body.binaryKeys] };
  });
  return JSON.stringify({ version: 1, documents: all });
}

/** Throws when the text is not what this program writes. */
function decode(text: string): readonly KeptDocument[] {
  const whole = JSON.parse(text) as { readonly version?: unknown; readonly documents?: readonly Written[] };
  if (whole.version !== 1 || !Array.isArray(whole.documents)) throw new Error("it has another form");
  return whole.documents.map(({ path, type, data, binaryKeys, key, version, immutable, seenWallMs }: Written) => {
    if (![path, type, key, version].every((text) => typeof text === "string")) throw new Error("it has another form");
    const bytes = Object.entries(data).map(([name, base64]) => [name, new Uint8Array(Buffer.from(base64, "base64"))]);
    const body = { type, data: new Map(bytes as [string, Uint8Array][]), binaryKeys: new Set(binaryKeys) };
    return { path, content: { key, version, immutable, seenWallMs, body } };
  });
}
