import { type Command, flagOf } from "./command.ts";
import { COMMON_FLAGS, type FlagName } from "./flags.ts";

/** Commands by name, as the scripts are made from. */
export type Commands = Readonly<Record<string, Command>>;

/** What may stand where a command's first argument stands, as its usage line tells it. */
function firstArgument({ usage }: Command): { readonly words: readonly string[]; readonly pods: boolean } {
  const [first = ""] = usage.split(" ");
  if (first.startsWith("POD")) return { words: [], pods: true };
  return { words: /^[a-z|]+$/.test(first) ? first.split("|") : [], pods: / NAME|pods/.test(usage) };
}

const flagsOf = (command: Command): readonly FlagName[] => [...command.flags, ...COMMON_FLAGS];

/** Prints the names of pods, and nothing when berthd cannot be asked. */
const POD_NAMES = "berth get pods -o name 2>/dev/null | sed 's,^pod/,,'";

/** Completion for bash. */
export function bashScript(commands: Commands): string {
  const arms = Object.entries(commands).map(([name, command]) => {
    const { words, pods } = firstArgument(command);
    const flags = flagsOf(command).map((each) => `--${each}`);
    const names = pods ? `; [ "$COMP_CWORD" -lt ${words.length > 0 ? 3 : 2} ] || words+=" $(${POD_NAMES})"` : "";
    return `    ${name}) flags="${flags.join(" ")}"; words="${words.join(" ")}"${names} ;;`;
  });
  return `# bash completion for berth, made by \`berth completion bash\`
_berth() {
  local cur=\${COMP_WORDS[COMP_CWORD]} flags="" words=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${Object.keys(commands).join(" ")}"
  else
    case \${COMP_WORDS[1]} in
${arms.join("\n")}
    esac
  fi
  case $cur in
    -*) words=$flags ;;
  esac
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$words" -- "$cur")
}
complete -F _berth berth
`;
}

/** Completion for zsh. */
export function zshScript(commands: Commands): string {
  const described = Object.entries(commands).map(([name, { help }]) => `    ${quoted(`${name}:${escaped(help)}`)}`);
  const arms = Object.entries(commands).map(([name, command]) => {
    const { words, pods } = firstArgument(command);
    const flags = flagsOf(command).flatMap((name) => zshFlag(command, name));
    const first = words.length > 0 ? [quoted(`1:what:(${words.join(" ")})`)] : [];
    const rest = pods ? [quoted("*:pod:($(_berth_pods))")] : [];
    return `    ${name}) _arguments -s ${[...flags, ...first, ...rest].join(" ")} ;;`;
  });
  return `#compdef berth
# zsh completion for berth, made by \`berth completion zsh\`
_berth_pods() { ${POD_NAMES} }
_berth() {
  local -a commands
  commands=(
${described.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${arms.join("\n")}
  esac
}
if [ "$funcstack[1]" = _berth ]; then _berth "$@"; else compdef _berth berth; fi
`;
}

function zshFlag(command: Command, name: FlagName): string[] {
  const { short, argument, help } = flagOf(command, name);
  const value = argument === "" ? "" : `:${argument}:`;
  const words = `[${escaped(help)}]${value}`;
  return [`--${name}`, ...(short === undefined ? [] : [`-${short}`])].map((each) => quoted(`${each}${words}`));
}

/** Completion for fish. */
export function fishScript(commands: Commands): string {
  const lines = Object.entries(commands).flatMap(([name, command]) => {
    const { words, pods } = firstArgument(command);
    const here = `complete -c berth -n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c berth -n __fish_use_subcommand -a ${name} -d ${quoted(command.help)}`,
      ...(words.length > 0 ? [`${here} -a ${quoted(words.join(" "))}`] : []),
      ...(pods ? [`${here} -a '(__berth_pods)'`] : []),
      ...flagsOf(command).map((each) => `${here} ${fishFlag(command, each)}`),
    ];
  });
  return `# fish completion for berth, made by \`berth completion fish\`
function __berth_pods
    ${POD_NAMES}
end
complete -c berth -f
${lines.join("\n")}
`;
}

function fishFlag(command: Command, name: FlagName): string {
  const { short, argument, help } = flagOf(command, name);
  const parts = [`-l ${name}`, short === undefined ? "" : `-s ${short}`, argument === "" ? "" : "-x"];
  return [...parts.filter(Boolean), `-d ${quoted(help)}`].join(" ");
}

const quoted = (words: string): string => `'${words.replaceAll("'", "'\\''")}'`;
/** Brackets and colons end a description in zsh. */
const escaped = (words: string): string => words.replace(/[[\]:]/g, "\\$&");
