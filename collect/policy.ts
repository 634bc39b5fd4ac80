import { problems } from "../core/paths.ts";
import { Policy, policyBytes } from "../schemas/policy.ts";
import { policyKeys } from "../schemas/policy-keys.ts";
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
};

/** An issue of the schema as one line: where, what, and what to do. */
function schemaProblem(issue: Issue, places: ReadonlyMap<string, Place>): YamlProblem {
  const [unknownKey] = issue.keys ?? [];
  if (issue.code === "unrecognized_keys" && unknownKey !== undefined) {
    const at = placeOf(places, [...issue.path, unknownKey]);
    const known = policyKeys(issue.path.map((part) => (typeof part === "number" ? part : String(part))));
    const near = suggestion(unknownKey, known);
    const todo = near === null ? `known here: ${known.join(", ")}` : `did you mean "${near}"?`;
    const where = issue.path.length === 0 ? "" : ` under ${dotted(issue.path)}`;
    return { message: `unknown key "${unknownKey}"${where}; ${todo}`, ...at };
  }
  const where = issue.path.length === 0 ? "the policy" : dotted(issue.path);
  return { message: `${where}: ${sentence(issue)}`, ...placeOf(places, issue.path) };
}

/** Of a union the last member's words are shown: it is the textual form, and says how to write the value. */
function sentence(issue: Issue): string {
  const inner = issue.errors?.at(-1)?.[0];
  if (issue.code === "invalid_union" && inner !== undefined) return sentence(inner);
  if (issue.code === "too_small" && issue.origin === "array")
    return "an empty list is not accepted: write at least one item";
  const said = issue.message.replace(/^Invalid (?:input|option): /, "");
  return said.replace("received null", "but it is empty").replace("received undefined", "but it is missing");
}

/** Every list of path patterns in a policy, with its dotted path. */
function patternLists(policy: Policy): [string, readonly string[]][] {
  const { gates, roles } = policy;
  return [
    ...Object.entries(roles).flatMap(([name, role]): [string, readonly string[]][] => [
      [`roles.${name}.allow`, role.allow],
      [`roles.${name}.deny`, role.deny],
    ]),
    ["gates.forbidden-paths.deny", gates["forbidden-paths"]?.deny ?? []],
    ["gates.diff-size.ignore", gates["diff-size"]?.ignore ?? []],
    ["gates.manual-test.when.paths", gates["manual-test"]?.when.paths ?? []],
    ["gates.evidence.files", gates.evidence?.files ?? []],
  ];
}

function patternProblem(policy: Policy, places: ReadonlyMap<string, Place>): YamlProblem | null {
  for (const [path, patterns] of patternLists(policy)) {
    const [first] = problems(patterns);
    if (first !== undefined)
      return { message: `${path}: ${first.message}`, ...(places.get(`${path}.${first.index}`) ?? start) };
  }
  return null;
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
    const told = (misspelt.length > 0 ? misspelt : parsed.error.issues).map((issue) =>
      schemaProblem(issue, places),
    );
    const [first] = told.toSorted((one, other) => one.line - other.line || one.column - other.column);
    return { ok: false, problem: first ?? { message: "the policy does not fit its schema", ...start } };
  }
  const wrong = patternProblem(parsed.data, places);
  if (wrong !== null) return { ok: false, problem: wrong };
  return {
    ok: true,
    policy: parsed.data,
    lines: Object.fromEntries([...places].map(([path, { line }]) => [path, line])),
  };
}
