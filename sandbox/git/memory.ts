/** Remembers what git said of objects: an id names the same content for ever, so what is asked by ids alone has one answer. */
import { LRUCache } from "lru-cache";
import type { GitResult } from "./host.ts";

/** Commands that only read. */
const reading = new Set([
  "cat-file",
  "diff",
  "diff-tree",
  "log",
  "ls-tree",
  "merge-base",
  "rev-list",
  "rev-parse",
]);
const types = new Set(["blob", "commit", "tag", "tree"]);
/** Options that bring refs in. */
const ofRefs = /^--(all|branches|glob|remotes|tags)\b/;
/** One full id or a range of two, without the commits of one, or what it leads to. */
const byId = /^\^?[0-9a-f]{40}(\.{2,3}[0-9a-f]{40})?(\^\{[a-z]+\})?$/;

const maxBytes = 64 * 1024 * 1024;
const cache = new LRUCache<string, GitResult>({
  maxSize: maxBytes,
  maxEntrySize: maxBytes / 8,
  sizeCalculation: ({ stdout, stderr }, key) => stdout.length + stderr.length + key.length + 200,
});

/** The answer given before in this folder, if the question was asked by ids alone. */
export function readCached(dir: string, args: readonly string[]): GitResult | undefined {
  return cache.get(keyOf(dir, args));
}

/** Keeps an answer to a question that was asked by ids alone, but not that an object is lacking: it may come later. */
export function writeCached(dir: string, args: readonly string[], answer: GitResult): void {
  const isAnswer = answer.exit === 0 || (args[0] === "merge-base" && answer.exit === 1);
  if (isAnswer && isLasting(args)) cache.set(keyOf(dir, args), answer);
}

function isLasting(args: readonly string[]): boolean {
  const [command = "", ...rest] = args.filter((arg) => arg !== "--literal-pathspecs");
  const paths = rest.indexOf("--");
  const names = (paths < 0 ? rest : rest.slice(0, paths)).filter(
    (arg) => !arg.startsWith("-") && !types.has(arg),
  );
  if (!reading.has(command) || rest.some((arg) => ofRefs.test(arg))) return false;
  return names.length > 0 && names.every((name) => byId.test(name));
}

const keyOf = (dir: string, args: readonly string[]) => JSON.stringify([dir, ...args]);
