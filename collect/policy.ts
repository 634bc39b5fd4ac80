import { visible } from "../core/escape.ts";
import { problems } from "../core/paths.ts";
import { patternLists } from "../core/policy-lists.ts";
import { Policy, policyKeys } from "../schemas/policy.ts";
import { policyBytes } from "../schemas/policy-place.ts";
import { bareValue, type Located, type Place, parseStrictYaml, type YamlProblem } from "./strict-yaml.ts";
import { suggestion } from "./suggestion.ts";

/** A policy with the line (from 1) of every key and item by dotted path, such as `gates.forbidden-paths.deny.0`. */
export type ParsedPolicy =
  | { ok: true; policy: Policy; lines: Record<string, number> }
  | { ok: false; problem: YamlProblem };

type Parts = readonly PropertyKey[];

const start: Place = { line: 1, column: 1 };

function dotted(parts: Parts): string {
  return parts.map(String).join(".");
}

/** The place of every key and item by its dotted path. */
function placesOf(root: Located): Map<string, Place> {
  const places = new Map<string, Place>();
  const walk = (located: Located, above: string[]) => {
    if (located.kind === "map") {
      for (const [name, { at, value }] of located.entries) {
        places.set(dotted([...above, name]), at);
        walk(value, [...above, name]);
      }
    }
    if (located.kind === "list") {
      for (const [index, item] of located.items.entries()) {
        places.set(dotted([...above, index]), item.at);
        walk(item, [...above, String(index)]);
      }
    }
  };
  walk(root, []);
  return places;
}

/** The place of a path, or of the nearest thing around it when it is not written out. */
function placeOf(places: ReadonlyMap<string, Place>, parts: Parts): Place {
  for (let length = parts.length; length > 0; length -= 1) {
    const place = places.get(dotted(parts.slice(0, length)));
    if (place !== undefined) return place;
  }
  return start;
}

type Issue = {
  code?: string | undefined;
  message: string;
  path: Parts;
  origin?: string | undefined;
  keys?: readonly string[];
  errors?: readonly (readonly Issue[])[];
  issues?: readonly Issue[];
};

/** Where an issue of the schema stands: an unknown key at itself, everything else at the value that is wrong. */
function placeOfIssue({ code, path, keys }: Issue, places: ReadonlyMap<string, Place>): Place {
  const [unknownKey] = keys ?? [];
  const isUnknown = code === "unrecognized_keys" && unknownKey !== undefined;
  return placeOf(places, isUnknown ? [...path, unknownKey] : path);
}

/** An issue of the schema as one line: where, what, and what to do. */
function messageOf(issue: Issue): string {
  const [unknownKey] = issue.keys ?? [];
  if (issue.code === "unrecognized_keys" && unknownKey !== undefined) {
    const known = policyKeys(issue.path.map((part) => (typeof part === "number" ? part : String(part))));
    const near = suggestion(unknownKey, known);
    const todo = near === null ? `known here: ${known.join(", ")}` : `did you mean "${near}"?`;
    const where = issue.path.length === 0 ? "" : ` under ${dotted(issue.path)}`;
    return `unknown key "${unknownKey}"${where}; ${todo}`;
  }
  return `${issue.path.length === 0 ? "the policy" : dotted(issue.path)}: ${sentence(issue)}`;
}

/** Of a union the last member's words are shown: it is the textual form, and says how to write the value. */
function sentence(issue: Issue): string {
  const inner = issue.errors?.at(-1)?.[0];
  if (issue.code === "invalid_union" && inner !== undefined) return sentence(inner);
  const [wrongName] = issue.issues ?? [];
  if (issue.code === "invalid_key" && wrongName !== undefined) return sentence(wrongName);
  if (issue.code === "too_small" && issue.origin === "array")
    return "an empty list is not accepted: write at least one item";
  const said = issue.message.replace(/^Invalid (?:input|option): /, "");
  return said.replace("received null", "but it is empty").replace("received undefined", "but it is missing");
}

function patternProblem(policy: Policy, places: ReadonlyMap<string, Place>): YamlProblem | null {
  for (const { key, patterns } of patternLists(policy)) {
    const [first] = problems(patterns);
    if (first !== undefined)
      return { message: `${key}: ${first.message}`, ...placeOf(places, [key, first.index]) };
  }
  return null;
}

/** What is shown of a longer message: the beginning tells the place, the end what to do. */
const shown = { beginning: 400, end: 250 };

/** Keys and patterns are quoted in messages; they may be of any length, and their escapes stand for any character. */
function oneLine(message: string): string {
  const line = visible(message).replaceAll("\n", " ");
  if (line.length <= shown.beginning + shown.end) return line;
  return `${line.slice(0, shown.beginning)} … ${line.slice(-shown.end)}`.toWellFormed();
}

/** The text of a file, or why it is none: at most 64 KB of UTF-8 without a byte order mark. */
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

/**
 * Reads a policy file, strictly: the first thing that is wrong is told with its line and column, and nothing is
 * guessed. Never throws. Whoever may push to the default branch wrote it.
 */
export function parsePolicy(content: Uint8Array | string): ParsedPolicy {
  const parsed = parse(content);
  if (parsed.ok) return parsed;
  return { ok: false, problem: { ...parsed.problem, message: oneLine(parsed.problem.message) } };
}

function parse(content: Uint8Array | string): ParsedPolicy {
  const read = textOf(content);
  if ("message" in read) return { ok: false, problem: { message: read.message, ...start } };
  const yaml = parseStrictYaml(read.text);
  if (!yaml.ok) return yaml;
  if (yaml.value.kind !== "map") {
    return {
      ok: false,
      problem: { message: "the policy is a mapping: begin it with `version: 1`", ...yaml.value.at },
    };
  }
  const places = placesOf(yaml.value);
  const parsed = Policy.safeParse(bareValue(yaml.value));
  if (!parsed.success) {
    // A misspelt key also makes the right one missing: the misspelling is what to tell.
    const misspelt = parsed.error.issues.filter((issue) => issue.code === "unrecognized_keys");
    const [first] = (misspelt.length > 0 ? misspelt : parsed.error.issues)
      .map((issue) => ({ issue, at: placeOfIssue(issue, places) }))
      .toSorted(({ at: one }, { at: other }) => one.line - other.line || one.column - other.column);
    if (first === undefined)
      return { ok: false, problem: { message: "the policy does not fit its schema", ...start } };
    return { ok: false, problem: { message: messageOf(first.issue), ...first.at } };
  }
  const wrong = patternProblem(parsed.data, places);
  if (wrong !== null) return { ok: false, problem: wrong };
  return {
    ok: true,
    policy: parsed.data,
    lines: Object.fromEntries([...places].map(([path, { line }]) => [path, line])),
  };
}
