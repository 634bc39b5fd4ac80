/**
 * Caches git's answers about objects: an id always names the same content, so a command with ids only has one answer.
 */
import { LRUCache } from "lru-cache";
import type { GitResult } from "./host.ts";

/** Commands that only read. */
const reading = new Set(["cat-file", "diff", "diff-tree", "log", "ls-tree", "merge-base", "rev-list", "rev-parse"]);
const types = new Set(["blob", "commit", "tag", "tree"]);
/** Options that read refs. */
const ofRefs = /^--(all|branches|glob|remotes|tags)\b/;
/** One full id, a range of two, an excluded id, or an id with a suffix such as `^{tree}`. */
const byId = /^\^?[0-9a-f]{40}(\.{2,3}[0-9a-f]{40})?(\^\{[a-z]+\})?$/;

const maxBytes = 64 * 1024 * 1024;
const cache = new LRUCache<string, GitResult>({
  maxSize: maxBytes,
  maxEntrySize: maxBytes / 8,
  sizeCalculation: ({ stdout, stderr }, key) => stdout.length + stderr.length + key.length + 200,
});

/** The cached answer for this folder, if the command has ids only. */
export function readCached(dir: string, args: readonly string[]): GitResult | undefined {
  return cache.get(keyOf(dir, args));
}

/** Caches the answer to a command with ids only, but not that an object is missing: it may be added later. */
export function writeCached(dir: string, args: readonly string[], answer: GitResult): void {
  const isAnswer = answer.exit === 0 || (args[0] === "merge-base" && answer.exit === 1);
  if (isAnswer && isLasting(args)) cache.set(keyOf(dir, args), answer);
}

function isLasting(args: readonly string[]): boolean {
  const [command = "", ...rest] = args.filter((arg) => arg !== "--literal-pathspecs");
  const paths = rest.indexOf("--");
  const names = (paths < 0 ? rest : rest.slice(0, paths)).filter((arg) => !arg.startsWith("-") && !types.has(arg));
  if (!reading.has(command) || rest.some((arg) => ofRefs.test(arg))) return false;
  return names.length > 0 && names.every((name) => byId.test(name));
}

const keyOf = (dir: string, args: readonly string[]) => JSON.stringify([dir, ...args]);
