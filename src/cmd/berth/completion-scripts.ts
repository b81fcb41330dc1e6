/** What a script asks: the words behind `berth`, up to the one that is being written. */
export const ASKED = "__complete";
/** Answered where files of this host may stand. */
export const FILES = ":files";

/** Completion for bash. */
export const BASH_SCRIPT = `# bash completion for berth, made by \`berth completion bash\`
_berth() {
  local word
  COMPREPLY=()
  while IFS=$'\\t' read -r word _; do
    case $word in
      ${FILES}) compopt -o default 2>/dev/null ;;
      *) COMPREPLY+=("$word") ;;
    esac
  done < <(berth ${ASKED} "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  case \${COMPREPLY[0]-} in
    *[:=]) compopt -o nospace 2>/dev/null ;;
  esac
  return 0
}
complete -F _berth berth
`;

/** Completion for zsh. */
export const ZSH_SCRIPT = `#compdef berth
# zsh completion for berth, made by \`berth completion zsh\`
_berth() {
  local -a found suffix
  local line tab=$'\\t'
  for line in "\${(@f)$(berth ${ASKED} "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      ${FILES}) _files; return ;;
      *[:=]) suffix=(-S '') ;;
    esac
    [[ -n $line ]] && found+=("\${\${line//:/\\\\:}/$tab/:}")
  done
  _describe berth found "\${(@)suffix}"
}
if [ "$funcstack[1]" = _berth ]; then _berth "$@"; else compdef _berth berth; fi
`;

/** Completion for fish. */
export const FISH_SCRIPT = `# fish completion for berth, made by \`berth completion fish\`
function __berth_complete
    set -l words (commandline -opc)
    set -e words[1]
    set -l current (commandline -ct)
    set -l found (berth ${ASKED} $words "$current" 2>/dev/null)
    if contains -- ${FILES} $found
        __fish_complete_path "$current"
    else if set -q found[1]
        printf '%s\\n' $found
    end
end
complete -c berth -f -a '(__berth_complete)'
`;
