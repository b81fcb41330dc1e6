import type * as v1 from "../../pod/v1.ts";
import { splitArgs } from "../args.ts";
import type { Client } from "./client.ts";
import { type Command, commandFirst, flagOf, podName, shapesOf } from "./command.ts";
import { COMMON_FLAGS, FLAGS, type FlagName } from "./flags.ts";

/** A word that may stand where one is being written, and what it is for. */
export type Candidate = { readonly word: string; readonly help?: string };
/** What a shell offers: these words, or the files of this host. */
export type Offer = readonly Candidate[] | "files";

/** Commands by name. */
export type Commands = Readonly<Record<string, Command>>;

/**
 * What may stand in the place of the last of the words behind `berth`. Names are asked of berthd, by way of `clientOf`, which
 * is handed the socket that the words name.
 */
export async function offerFor(
  written: readonly string[],
  commands: Commands,
  clientOf: (socket: string | undefined) => Client,
): Promise<Offer> {
  const [name = "", ...words] = wholeWords(written);
  if (words.length === 0)
    return fitting(
      name,
      Object.entries(commands).map(([word, { help }]) => ({ word, help })),
    );
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  const current = words.pop() ?? "";
  if (command === undefined) return [];
  if (words.includes("--")) return "files";
  const [flag, before] = flagBeing(command, words, current);
  const split = splitArgs(before, shapesOf(command));
  if ("complaint" in split) return [];
  const value = (wanted: FlagName): string | undefined => split.flags.findLast((each) => each.name === wanted)?.value;
  const house = houseOf(clientOf(value("socket")), value("namespace"));
  if (flag !== undefined) return prefixed(current, await valueOffer(name, flag, split.words, house));
  if (current.startsWith("-")) return fitting(current, flagsOf(command));
  const offer = await argumentOffer(command, split.words, current, house);
  return offer === "files"
    ? offer
    : fitting(
        current,
        offer.filter(({ word }) => !split.words.includes(word)),
      );
}

const fitting = (current: string, offer: readonly Candidate[]): readonly Candidate[] =>
  offer.filter(({ word }) => word.startsWith(current));

/** bash takes `--flag=value` apart at its `=`. What stands before the command goes behind it, where a word is there already. */
function wholeWords(written: readonly string[]): readonly string[] {
  const words = written.flatMap((word, at) => (word === "=" ? (at === written.length - 1 ? "" : []) : word));
  const { name = "", more } = commandFirst(words);
  return words.at(-1) === name && words.indexOf(name) === words.length - 1 ? [name] : [name, ...more];
}

/** The flag whose value is being written, and the words before it. */
function flagBeing(
  command: Command,
  words: readonly string[],
  current: string,
): readonly [flag: FlagName | undefined, before: readonly string[]] {
  const named = (dashed: string): FlagName | undefined =>
    namesOf(command).find((name) => {
      const { short, argument } = flagOf(command, name);
      return argument !== "" && (dashed === `--${name}` || (short !== undefined && dashed === `-${short}`));
    });
  const joined = /^(--[a-z-]+)=/.exec(current)?.[1];
  if (joined !== undefined) return [named(joined), words];
  const flag = named(words.at(-1) ?? "");
  return [flag, flag === undefined ? words : words.slice(0, -1)];
}

/** Behind `--flag=` the shell wants the whole word. */
function prefixed(current: string, offer: Offer): Offer {
  if (offer === "files") return offer;
  const [, start = "", value = current] = /^(--[a-z-]+=)(.*)$/s.exec(current) ?? [];
  return fitting(value, offer).map((each) => ({ ...each, word: start + each.word }));
}

const namesOf = (command: Command): readonly FlagName[] => [...command.flags, ...COMMON_FLAGS];
const flagsOf = (command: Command): readonly Candidate[] =>
  namesOf(command).map((name) => ({ word: `--${name}`, help: flagOf(command, name).help }));
const plain = (words: Iterable<string>): readonly Candidate[] => [...new Set(words)].map((word) => ({ word }));

const FILE_FLAGS: readonly FlagName[] = ["filename", "config", "config-dir", "ctr", "socket"];
const FORMS = ["wide", "json", "yaml", "name", "jsonpath="];
const GOALS = ["condition=Ready", "condition=", "jsonpath=", "create", "delete"];

async function valueOffer(command: string, flag: FlagName, words: readonly string[], house: House): Promise<Offer> {
  if (FILE_FLAGS.includes(flag)) return "files";
  if (flag === "output") return plain(command === "get" ? FORMS : ["json"]);
  if (flag === "namespace") return plain(await house.namespaces());
  if (flag === "container") return plain(await house.containers(words[0] ?? ""));
  if (flag === "for")
    return command === "wait" ? plain(GOALS) : plain((await house.pods()).map((name) => `pod/${name}`));
  const { argument } = FLAGS[flag];
  return plain(argument.includes("|") ? argument.split("|") : []);
}

/** As the usage line tells it: `POD`, `pods|node [NAME...]`, `FILE...`. */
async function argumentOffer(
  { usage }: Command,
  words: readonly string[],
  current: string,
  house: House,
): Promise<Offer> {
  const [first = ""] = usage.split(" ");
  if (first === "POD:PATH") {
    if (words.length > 1) return [];
    if (words[0]?.includes(":") || /^[./~]|:/.test(current)) return "files";
    return plain((await house.pods()).map((name) => `${name}:`));
  }
  if (first.startsWith("POD")) return plain(words.length === 0 || first.includes("...") ? await house.pods() : []);
  const kinds = /^[a-z|]+$/.test(first) ? first.split("|") : [];
  if (kinds.length > 0 && words.length === 0) return plain(kinds);
  if (/\bFILE/.test(usage) && kinds.length < 2 && !usage.startsWith("-f")) return "files";
  return plain(kinds.length > 0 && usage.includes("NAME") ? await house.names(words[0] ?? "") : []);
}

/** What berthd knows; nothing where it does not answer. */
type House = {
  pods(): Promise<readonly string[]>;
  namespaces(): Promise<readonly string[]>;
  containers(pod: string): Promise<readonly string[]>;
  /** Of one kind of documents or pods. */
  names(kind: string): Promise<readonly string[]>;
};

type Named = { readonly metadata?: v1.ObjectMeta };

function houseOf(client: Client, namespace = "default"): House {
  const list = async <T extends Named>(path: string, query: { namespace?: string }): Promise<readonly T[]> =>
    (await client.get<{ items: readonly T[] }>(path, query).catch(() => ({ items: [] }))).items;
  const nameOf = ({ metadata }: Named): string => metadata?.name ?? "";
  const pods = async (): Promise<readonly string[]> => (await list("/v1/pods", { namespace })).map(nameOf);
  return {
    pods,
    namespaces: async () => (await list("/v1/pods", {})).map(({ metadata }) => metadata?.namespace ?? ""),
    async containers(written) {
      const name = podName(written);
      const all = await list<v1.Pod>("/v1/pods", { namespace });
      const pod = all.find((each) => nameOf(each) === name || nameOf(each) === `${name}-${each.spec?.nodeName}`);
      return [...(pod?.spec?.containers ?? []), ...(pod?.spec?.initContainers ?? [])].map((each) => each.name);
    },
    async names(kind) {
      if (/^(pods?|po)$/.test(kind)) return pods();
      const path = /^(?:configmaps?|cm)$/.test(kind) ? "/v1/configmaps" : "/v1/secrets";
      return /^(configmaps?|cm|secrets?)$/.test(kind) ? (await list(path, { namespace })).map(nameOf) : [];
    },
  };
}
