import {
  aliases,
  asking,
  checkers,
  interpreters,
  type Kind,
  kindOfName,
  managers,
  managing,
  plumbing,
  prepares,
  subcommands,
  targetRunners,
  tools,
  wrappers,
} from "./runners.ts";

/** A command that can judge: what it looks at, what it is called by, and how it is written. */
export type Judging = {
  kind: Kind;
  key: string;
  text: string;
  /** A script whose name says nothing: it may be any check. */
  isOpen?: true;
};

const endings = /\.(?:exe|cmd|bat|phar|sh|bash|py|[cm]?js|[cm]?ts|rb|pl|php|ps1)$/i;

/** A program's name, without where it lies; the ending stays where it tells `test.sh` from `test`. */
function baseName(word: string): string {
  const name = (word.split(/[\\/]/).at(-1) ?? "").toLowerCase();
  const bare = name.replace(endings, "");
  if (bare !== name && !tools.has(bare) && !/\.(?:exe|cmd|bat|phar)$/.test(name)) return name;
  return aliases.get(name) ?? aliases.get(bare) ?? bare;
}

/** Whether a word names a file of the project, and not a program by its name alone. */
const isOwnFile = (word: string) => /^(?:\.{1,2}\/|[\w.-]{1,100}\/)/.test(word) && !/node_modules|\/bin\//.test(word);
const isOption = (word: string) => /^[-+]/.test(word) && !/^-{1,2}(?:test|build)$/.test(word);
const isKnown = (name: string) =>
  tools.has(name) || subcommands.has(name) || targetRunners.has(name) || managers.has(name);

/** The words from the program on that is run in the end: behind `sudo`, `npx`, `poetry run` and the like. */
function unwrapped(words: readonly string[]): readonly string[] {
  let rest = words;
  for (let turn = 0; turn < 6; turn += 1) {
    const name = baseName(rest[0] ?? "");
    const behind = rest.slice(1);
    // What a wrapper does by itself: `node --test`, `docker build`, `poetry check`.
    const own = subcommands.get(name)?.has(behind.find((word) => !isOption(word)) ?? "") === true;
    if (!wrappers.has(name) || own) return rest;
    if (asking.test(name) && !behind.some((word) => /^(?:run|exec|x|develop|shell|tool|-c|emul.*)$/.test(word)))
      return [];
    // Code that stands in the words is not looked into; a shell's is, elsewhere.
    if (interpreters.test(name) && behind.some((word) => /^-(?:[a-z]*c|e|r|p|-eval|-print)$/.test(word))) return [];
    const module = name.startsWith("py") ? behind.indexOf("-m") + 1 : 0;
    if (module > 0 && behind[module] !== undefined) {
      rest = behind.slice(module);
      continue;
    }
    const plainAt = behind.findIndex((word) => !isOption(word) && !/^(?:\w+=.*|[\d.]+[smh]?|--)$/.test(word));
    const program = baseName(behind[plainAt] ?? "");
    const isPlumbing = plumbing.has(program) && !isOwnFile(behind[plainAt] ?? "") && !wrappers.has(program);
    if (!asking.test(name) && isPlumbing && !isKnown(program)) return behind.slice(plainAt);
    const tool = behind.slice(0, 60).findIndex((word) => isKnown(baseName(word)));
    if (tool !== -1) {
      rest = behind.slice(tool);
      continue;
    }
    // Which of the words is the program that runs in a container cannot be told.
    if (/^(?:docker|podman|docker-compose|kubectl)$/.test(name)) return [`${name}-run`, behind.join(" ")];
    const next = behind.findIndex((word, index) => {
      const isSkipped = /^(?:run|exec|x|compose|--|dlx|develop|shell|\w+=.*)$/.test(word);
      const isValue = /^(?:--package|-p|--with|--from|-w|--project|--directory)$/.test(behind[index - 1] ?? "");
      return !isOption(word) && !isSkipped && !isValue;
    });
    if (next === -1) return [];
    rest = behind.slice(next);
  }
  return rest;
}

function ofManager(words: readonly string[]): Judging[] | null {
  const [name = ""] = words;
  const withValue = /^(?:--filter|-F|--prefix|-C|--dir|--cwd|--workspace|-w|--config|--scope|--reporter)$/;
  const rest: string[] = [];
  for (let at = 1; at < words.length; at += 1) {
    const word = words[at] ?? "";
    if (withValue.test(word)) at += 1;
    else if (!isOption(word) || rest.length > 0) rest.push(word);
  }
  const [sub = "", ...more] = rest;
  const text = words.join(" ");
  if (name === "bun" && sub === "test") return [{ kind: "test", key: "bun test", text }];
  if (["exec", "dlx", "x"].includes(sub)) return judgingOf(["npx", ...more.filter((word) => word !== "--")]);
  if (sub === "audit" || (name === "composer" && sub === "validate"))
    return [{ kind: "static", key: "npm audit", text }];
  // `yarn workspace a test`, `yarn workspaces foreach run test`
  if (sub === "workspace" || sub === "workspaces") {
    const target = more.findLast((word) => !isOption(word) && kindOfName(word) !== null);
    return target === undefined ? null : [{ kind: kindOfName(target) ?? "other", key: `script ${target}`, text }];
  }
  const isRun = ["run", "run-script", "rum"].includes(sub);
  const target = isRun ? (more.find((word) => !isOption(word)) ?? "") : sub;
  if (target === "" || (!isRun && managing.has(sub))) return null;
  // `bun run a.ts`
  if (name === "bun" && endings.test(target)) return judgingOf(["node", ...(isRun ? more : rest)]);
  const script = !isRun && ["t", "tst"].includes(target) ? "test" : target;
  // What is no script may be a program of a package: `yarn jest`.
  if (!isRun && name !== "npm" && isKnown(baseName(script))) return judgingOf(rest);
  if (targetRunners.has(baseName(script))) return judgingOf(more);
  return [{ kind: kindOfName(baseName(script)) ?? "other", key: `script ${script}`, text }];
}

/** Phases of Maven and tasks of Gradle that run the tests by way of others. */
const testing = /^(?:verify|install|test|package|integration-test|deploy|check|build|all|ci|default|.*[a-z]Test)$/;
const targetOptions =
  /^(?:-C|-f|-P|-pl|--projects|-p|-x|--exclude-task|-I|--file|--directory|-s|--settings|--tests|-o|-W|--base)$/;

function ofTargets(words: readonly string[]): Judging[] | null {
  const [first = "", ...rest] = words;
  const runner = baseName(first);
  const isJvm = /^(?:mvn|gradle)/.test(runner);
  const targets = rest.flatMap((word, index) => {
    const list = /^--?t(?:argets?)?=(.+)$/.exec(word)?.[1];
    if (/^(?:nx|turbo)$/.test(runner) && list !== undefined) return list.split(",");
    if (isOption(word) || /^(?:\w+=|!|[<>|]|run$|run-many$|affected$|exec$|--$)/.test(word)) return [];
    return targetOptions.test(rest[index - 1] ?? "") ? [] : word.split(",");
  });
  if (targets.length === 0)
    return runner === "concurrently" ? null : [{ kind: "build", key: runner, text: words.join(" ") }];
  return targets.flatMap((target): Judging[] => {
    const plain = target.replace(/^npm:/, "").split(":");
    const name = isJvm ? (plain.at(-1) ?? target) : target;
    // What is filled in later adds to what stands there.
    if (name.includes("$") && targets.length > 1) return [];
    if (/^(?:clean|help|tasks|dependencies|wrapper|setup|init|install-deps|deps|prepare)$/i.test(name)) return [];
    const kind =
      isJvm && testing.test(name) && !(runner === "mvn" && target.includes(":"))
        ? "test"
        : (kindOfName(name) ?? "other");
    const others = new Set(targets.filter((one) => one !== target));
    const text = words.filter((word) => !others.has(word)).join(" ");
    return [{ kind, key: `${runner} ${name}`, text, ...(name.includes("$") ? { isOpen: true } : {}) }];
  });
}

/** Whether a program is only asked for its version, its help or a list, or writes instead of judging. */
function onlyTells(words: readonly string[], key: string): boolean {
  const own = words.includes("--") && !key.startsWith("script") ? words.slice(0, words.indexOf("--")) : words;
  const telling = /^(?:--version|--help|--collect-only|--co|--listTests|--list-tests|--show-only)$/;
  if (own.some((word) => telling.test(word))) return true;
  if (key.startsWith("make ") && own.some((word) => /^(?:-n|--dry-run|--just-print|-q|-t)$/.test(word))) return true;
  const checking = checkers.find(([tool]) => tool.test(key))?.[1];
  return checking !== undefined && !own.some((word) => checking.test(word));
}

/**
 * The checks that a command runs; none for what only tells or rewrites; null for what judges no change: setting up,
 * showing, moving and sending things.
 */
export function judgingOf(given: readonly string[]): Judging[] | null {
  const words = unwrapped(given);
  const name = baseName(words[0] ?? "");
  const found = name === "" ? null : ofProgram(words, name);
  return found?.filter(({ key }) => !onlyTells(words, key)) ?? null;
}

function ofProgram(words: readonly string[], name: string): Judging[] | null {
  const text = words.join(" ");
  const plain = words.slice(1).filter((word) => !isOption(word));
  const [sub = ""] = plain;
  if (managers.has(name)) return ofManager(words);
  if (name === "diff" || name === "cmp") return plain.length > 1 ? [{ kind: "static", key: name, text }] : null;
  if (name === "git") {
    const isCheck = words.some((word) => /^--(?:exit-code|quiet|check)$/.test(word));
    return isCheck && words.includes("diff") ? [{ kind: "static", key: "git diff", text }] : null;
  }
  const own = subcommands.get(name);
  const told = own === undefined ? undefined : words.slice(1, 30).find((word) => own.has(word));
  const does = own?.get(told ?? "");
  if (does !== undefined && plain[1] !== "setup") return [{ kind: does, key: `${name} ${told}`, text }];
  if (targetRunners.has(name)) return ofTargets(words);
  const kind = tools.get(name);
  if (kind !== undefined) {
    const setsUp = /^(?:install|uninstall|init|clean|show|cache|gc|autoupdate|upload)$/.test(sub);
    return setsUp ? null : [{ kind, key: name === "ruff" && sub === "format" ? "ruff format" : name, text }];
  }
  if ((plumbing.has(name) && !isOwnFile(words[0] ?? "")) || name === "setup.py") return null;
  // Which program it is is only known later; what it is told to do is not.
  if (name.startsWith("$"))
    return [{ kind: kindOfName(sub) ?? "other", key: `${/^\$\{\{/.test(name) ? name : "$"} ${sub}`.trim(), text }];
  if (/^[^\w./@~-]/.test(name)) return null;
  if (name.endsWith("-run")) return [{ kind: "other", key: text, text }];
  // A script of the project's own tells by its name what it is for, or by the first word that it is told.
  const isOwn = isOwnFile(words[0] ?? "") || endings.test(words[0] ?? "");
  const first = isOwn && /^[\w:-]{1,60}$/.test(sub) ? sub : "";
  const named = prepares(name) ? "other" : (kindOfName(first) ?? kindOfName(name) ?? "other");
  return [{ kind: named, key: `${name} ${first}`.trim(), text, ...(isOwn && !prepares(name) ? { isOpen: true } : {}) }];
}

/** Whether words begin with a program that is known to be a check or to run one, and not with any other word. */
export function isProgram(words: readonly string[]): boolean {
  const name = baseName(words[0] ?? "");
  return isKnown(name) || wrappers.has(name);
}

/** Whether git is told to pass by the hooks. */
export function passesHooks(words: readonly string[]): boolean {
  if (baseName(words[0] ?? "") !== "git") return false;
  const isCommit = words.includes("commit");
  const isBypass = (word: string) => word === "--no-verify" || (isCommit && /^-[a-z]{0,5}n[a-z]{0,5}$/.test(word));
  if (isCommit || words.includes("push") || words.includes("merge")) return words.some(isBypass);
  return words.some((word, at) => /core\.hooksPath/i.test(word) && /\/dev\/null/.test(word + (words[at + 1] ?? "")));
}
