import { shortLine } from "../../core/escape.ts";
import { bareValue, type Located, type Place, type PolicyProblems, type YamlProblem } from "../../core/yaml.ts";
import { policyBytes } from "../../schemas/limits.ts";
import { Policy } from "../../schemas/policy.ts";
import { readYaml } from "../yaml/yaml.ts";
import { dotted, issueProblems, patternIssues, validPart } from "./issues.ts";

/** A policy with the line (from 1) of every key and item by dotted path, such as `gates.forbidden-paths.deny.0`. */
export type ParsedPolicy =
  | { ok: true; policy: Policy; lines: Record<string, number> }
  | { ok: false; problems: PolicyProblems };

/** The most problems that are reported for one policy. */
const maxProblems = 100;

const start: Place = { line: 1, column: 1 };

/** The position of every key and item by its dotted path. */
function positionsOf(root: Located): Map<string, Place> {
  const positions = new Map<string, Place>();
  const walk = (located: Located, above: string[]) => {
    if (located.kind === "map") {
      for (const [name, { at, value }] of located.entries) {
        positions.set(dotted([...above, name]), at);
        walk(value, [...above, name]);
      }
    }
    if (located.kind === "list") {
      for (const [index, item] of located.items.entries()) {
        positions.set(dotted([...above, index]), item.at);
        walk(item, [...above, String(index)]);
      }
    }
  };
  walk(root, []);
  return positions;
}

/**
 * The text of a file, or why it is not accepted: it must be UTF-8 without a byte order mark, of at most `policyBytes`.
 */
function textOf(content: Uint8Array | string): { text: string } | { message: string } {
  const size = typeof content === "string" ? Buffer.byteLength(content) : content.length;
  if (size > policyBytes)
    return { message: `the policy has ${size} bytes; at most ${policyBytes} are read: shorten it` };
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  if (typeof content === "string" && !content.isWellFormed())
    return { message: "the policy is not valid Unicode: save it as UTF-8" };
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    return { message: "the policy begins with a byte order mark: save it as UTF-8 without one" };
  }
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    return { message: "the policy is not valid UTF-8: save it as UTF-8" };
  }
}

/** The policy, or the problems of the text. */
function parse(text: string): { policy: Policy; places: Map<string, Place> } | YamlProblem[] {
  const { value, problems } = readYaml(text, "strict");
  if (value === null) return problems;
  if (value.kind !== "map")
    return [...problems, { message: "the policy is a mapping: begin it with `version: 1`", ...value.at }];
  const positions = positionsOf(value);
  const bare = bareValue(value);
  const parsed = Policy.safeParse(bare);
  const issues = parsed.success ? [] : parsed.error.issues;
  const readable = parsed.success ? parsed.data : validPart(bare, issues);
  const all = [
    ...problems,
    ...issueProblems(issues, positions),
    ...(readable === null ? [] : patternIssues(readable, positions)),
  ];
  return parsed.success && all.length === 0 ? { policy: parsed.data, places: positions } : all;
}

/**
 * Reads a policy file, strictly: every problem is reported with its line and column, in the order of the text, and
 * nothing is guessed. Never throws. Everyone who may push to the default branch can write it.
 */
export function parsePolicy(content: Uint8Array | string): ParsedPolicy {
  const read = textOf(content);
  const parsed = "message" in read ? [{ message: read.message, ...start }] : parse(read.text);
  if (!Array.isArray(parsed)) {
    const lines = Object.fromEntries([...parsed.places].map(([path, { line }]) => [path, line]));
    return { ok: true, policy: parsed.policy, lines };
  }
  const [first = { message: "the policy does not fit its schema", ...start }, ...others] = parsed
    .toSorted((one, other) => one.line - other.line || one.column - other.column)
    .slice(0, maxProblems)
    .map((problem) => ({ ...problem, message: shortLine(problem.message) }));
  return { ok: false, problems: [first, ...others] };
}
