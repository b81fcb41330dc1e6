import type { PodChange } from "../../ports.ts";
import { askAbout } from "./about.ts";
import { type Call, type Command, namespaceOf } from "./command.ts";
import { type DocumentName, namesOf, shortName, withCompiler } from "./compiled.ts";
import { type HeldFile, readDirectory, removeManifest, writeManifest } from "./manifest-directory.ts";
import { filesOf, readBytes } from "./manifest-files.ts";
import { whileWaiting } from "./progress.ts";
import { CommandFailure, usageFailure } from "./terminal.ts";

export const remove: Command = {
  usage: "pod|configmap|secret NAME... | -f FILE...",
  help: "Take documents out of berthd's manifest directory, and wait until their pods have ended.",
  flags: ["namespace", "filename", "wait", "dry-run", "ignore-not-found"],
  examples: ["berth delete pod web", "berth delete -f web.yaml", "berth delete pod web --wait=false"],
  async run(call) {
    const about = await askAbout(call);
    const settings = { ...about, nowMs: call.terminal.now() };
    const names = await withCompiler(settings, async (compile) => {
      const files = await readDirectory(about.staticPodPath, compile);
      const asked = await namesToDelete(call, compile, about.nodeName);
      const missing = asked.filter((name) => !files.some((file) => file.names.includes(name)));
      const names = asked.filter((name) => !missing.includes(name));
      if (missing.length > 0 && !call.has("ignore-not-found")) {
        const rest = names.length > 0 ? "; nothing was deleted: --ignore-not-found deletes the others" : "";
        throw new CommandFailure(`no file in ${about.staticPodPath} holds ${missing.map(shortName).join(", ")}${rest}`);
      }
      const { removeDocuments } = await import("./remove-documents.ts");
      const texts = new Map<HeldFile, string | undefined>();
      for (const file of files.filter(({ names: held }) => held.some((name) => names.includes(name)))) {
        texts.set(file, await removeDocuments(file, names, compile));
      }
      for (const [file, text] of texts) await change(call, file, text);
      return names;
    });
    const dry = call.has("dry-run") ? " (dry run)" : "";
    await call.terminal.out.write(names.map((name) => `${shortName(name)} deleted${dry}\n`).join(""));
    if (dry === "" && call.value("wait") !== "false") await untilGone(call, names, about.nodeName);
    return 0;
  },
};

async function change(call: Call, { path }: HeldFile, text: string | undefined): Promise<void> {
  const dry = call.has("dry-run");
  const words = text === undefined ? "removed" : "written without it";
  if (!dry && text === undefined) await removeManifest(path);
  if (!dry && text !== undefined) await writeManifest(path, Buffer.from(text), 0o600);
  await call.terminal.err.write(`${path} ${dry ? "would be" : "is"} ${words}\n`);
}

const KINDS: Readonly<Record<string, string>> = {
  pod: "pod",
  pods: "pod",
  po: "pod",
  configmap: "configmap",
  configmaps: "configmap",
  cm: "configmap",
  secret: "secret",
  secrets: "secret",
};

async function namesToDelete(
  call: Call,
  compile: Parameters<Parameters<typeof withCompiler>[1]>[0],
  nodeName: string,
): Promise<DocumentName[]> {
  const written = call.values("filename");
  if (written.length > 0) {
    const paths = (await Promise.all(written.map(filesOf))).flat();
    const compiled = await Promise.all(paths.map(async (path) => compile(path, await readBytes(call, path))));
    return [...new Set(compiled.flatMap(namesOf))];
  }
  const namespace = namespaceOf(call) ?? "default";
  const [first = "", ...more] = call.words;
  const separate = KINDS[first.toLowerCase()];
  const pairs = separate === undefined ? call.words.map((word) => word.split("/")) : more.map((name) => [first, name]);
  if (pairs.length === 0) throw usageFailure("delete what? pod NAME, configmap NAME, secret NAME, or -f FILE");
  return pairs.map(([kind = "", name]) => {
    const known = KINDS[kind.toLowerCase()];
    if (known === undefined || !name)
      throw usageFailure("delete what? pod NAME, configmap NAME, secret NAME, or -f FILE");
    const full = known === "pod" && name.endsWith(`-${nodeName}`) ? name.slice(0, -nodeName.length - 1) : name;
    return `${known}/${namespace}/${full}`;
  });
}

/** Until the pods of these names are gone; another pod of the name that comes at once ends the wait, too. */
async function untilGone(call: Call, names: readonly DocumentName[], nodeName: string): Promise<void> {
  const waiting = new Set(names.filter((name) => name.startsWith("pod/")));
  const gone = [...waiting].map(async (key) => {
    const [, namespace = "", name = ""] = key.split("/");
    const query = { namespace, name: `${name}-${nodeName}`, watch: true };
    let first: string | undefined;
    for await (const change of call.client.lines<PodChange>("/v1/pods", query, call.terminal.signal)) {
      if (change.kind === "gone" || (change.kind === "synced" && first === undefined)) break;
      if (change.kind === "put") {
        const { uid } = change.pod.metadata ?? {};
        first ??= uid;
        if (uid !== first) break;
      }
    }
    waiting.delete(key);
  });
  const words = (): string => `waiting for ${[...waiting].map(shortName).join(", ")} to end`;
  await whileWaiting(call.terminal, words, Promise.all(gone));
}
