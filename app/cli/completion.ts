import { Argument, Command } from "commander";
import type { Io } from "../terminal/io.ts";

const shells = ["bash", "zsh", "fish"] as const;

/** `sallyport completion`: prints a script that completes commands and options in a shell. */
export function completionCommand(io: Io): Command {
  const command = new Command("completion")
    .description("print a script that completes commands and options")
    .addArgument(new Argument("<shell>", "the shell").choices(shells))
    .addHelpText("after", '\nExample, in ~/.bashrc; zsh after compinit:\n  eval "$(npx sallyport completion bash)"')
    .action((shell: (typeof shells)[number]) => {
      io.out(scripts[shell](wordsOf(command.parent ?? command)));
      io.exit(0);
    });
  return command;
}

/** The words that may follow each command, by its path such as `ledger verify`; `""` is the program itself. */
type Words = ReadonlyMap<string, string[]>;

function wordsOf(program: Command): Words {
  const words = new Map<string, string[]>();
  const visit = (command: Command, path: string) => {
    const options = command.options.flatMap(({ long }) => long ?? []);
    words.set(path, [...command.commands.map((one) => one.name()), ...options, "--help"]);
    for (const one of command.commands) visit(one, `${path} ${one.name()}`.trim());
  };
  visit(program, "");
  return words;
}

/** The longest path of commands that a line begins with gives its next words; where none fits, files are completed. */
function bash(words: Words): string {
  const named = [...words].map(([path, next]) => [path.replaceAll(" ", "_"), next.join(" ")] as const);
  return `_sallyport() {
  local paths=" ${named.map(([name]) => name).join(" ")} " path="" next word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${path:+\${path}_}$word"
    case "$paths" in *" $next "*) path="$next" ;; *) break ;; esac
  done
  case "$path" in
${named.map(([name, next]) => `    "${name}") words="${next}" ;;`).join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _sallyport sallyport
`;
}

function fish(words: Words): string {
  const lines = [...words].flatMap(([path, next]) => {
    const seen = path.split(" ").filter((word) => word !== "");
    const when =
      seen.length === 0
        ? "__fish_use_subcommand"
        : seen.map((word) => `__fish_seen_subcommand_from ${word}`).join("; and ");
    return next.map((word) => {
      const what = word.startsWith("--") ? `-l ${word.slice(2)}` : `-f -a ${word}`;
      return `complete -c sallyport -n "${when}" ${what}`;
    });
  });
  return `${lines.join("\n")}\n`;
}

const scripts: Record<(typeof shells)[number], (words: Words) => string> = {
  bash,
  zsh: (words) => `autoload -U +X bashcompinit && bashcompinit\n${bash(words)}`,
  fish,
};
