import { problems } from "../../core/paths/patterns.ts";
import { patternLists } from "../../core/policy/lists.ts";
import { suggestion } from "../../core/suggestion.ts";
import type { Place, YamlProblem } from "../../core/yaml.ts";
import { Policy, policyKeys } from "../../schemas/policy.ts";

/** The position of every key and item that a policy writes out, by its dotted path. */
export type Places = ReadonlyMap<string, Place>;

type Parts = readonly PropertyKey[];

/** An issue as the schema reports it. */
export type Issue = {
  code?: string | undefined;
  message: string;
  path: Parts;
  origin?: string | undefined;
  keys?: readonly string[];
  errors?: readonly (readonly Issue[])[];
  issues?: readonly Issue[];
};

/** A path as text: `gates.forbidden-paths.deny.0`. */
export function dotted(parts: Parts): string {
  return parts.map(String).join(".");
}

/** The position of a path, or of its nearest ancestor when it is not written out. */
function placeOf(places: Places, parts: Parts): Place {
  for (let length = parts.length; length > 0; length -= 1) {
    const place = places.get(dotted(parts.slice(0, length)));
    if (place !== undefined) return place;
  }
  return { line: 1, column: 1 };
}

function keysAt(path: Parts): string[] {
  return policyKeys(path.map((part) => (typeof part === "number" ? part : String(part))));
}

/**
 * The problem with a value, without its path. For a union this is the last member's message, which says how to write
 * the value.
 */
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

/**
 * The schema's issues, each with its position and what to do: an unknown key at the key, any other issue at the value.
 */
export function issueProblems(issues: readonly Issue[], places: Places): YamlProblem[] {
  const unknownKeys = issues.flatMap(({ path, keys = [] }) =>
    keys.map((key) => {
      const known = keysAt(path);
      return { path, key, known, near: suggestion(key, known) };
    }),
  );
  const meant = new Set(unknownKeys.flatMap(({ path, near }) => (near === null ? [] : [dotted([...path, near])])));
  const misspelt = unknownKeys.map(({ path, key, known, near }) => {
    const todo = near === null ? `known here: ${known.join(", ")}` : `did you mean "${near}"?`;
    const where = path.length === 0 ? "" : ` under ${dotted(path)}`;
    return { message: `unknown key "${key}"${where}; ${todo}`, ...placeOf(places, [...path, key]) };
  });
  // A misspelt key also makes the right one missing: report only the misspelling.
  const others = issues.filter(
    ({ code, path }) => code !== "unrecognized_keys" && (places.has(dotted(path)) || !meant.has(dotted(path))),
  );
  return [
    ...misspelt,
    ...others.map((issue) => {
      const subject = issue.path.length === 0 ? "the policy" : dotted(issue.path);
      return { message: `${subject}: ${sentence(issue)}`, ...placeOf(places, issue.path) };
    }),
  ];
}

/** A pattern that is always valid; it replaces a refused item of a list, so that the others keep their indexes. */
const standIn = "x";

type Slot = { holder: object; name: PropertyKey };

/** The slot of the value that an issue is about, or of the nearest value around it that exists. */
function slotOf(value: unknown, path: Parts): Slot[] {
  const way: Slot[] = [];
  let inner = value;
  for (const name of path) {
    if (typeof inner !== "object" || inner === null || !Object.hasOwn(inner, name)) break;
    way.push({ holder: inner, name });
    inner = Reflect.get(inner, name);
  }
  if (inner === standIn && Array.isArray(way.at(-1)?.holder)) way.pop();
  return way.slice(-1);
}

/** The policy without the parts that the schema refused; null when no valid rest can be found. */
export function validPart(value: unknown, issues: readonly Issue[]): Policy | null {
  if (typeof value !== "object" || value === null) return null;
  let left = issues;
  // Removing one part can invalidate another, such as a route to a removed role.
  for (let round = 0; round < 10; round += 1) {
    const paths = left.flatMap(({ path, keys }) => keys?.map((key) => [...path, key]) ?? [path]);
    for (const { holder, name } of paths.flatMap((path) => slotOf(value, path))) {
      if (Array.isArray(holder)) Reflect.set(holder, name, standIn);
      else Reflect.deleteProperty(holder, name);
    }
    const parsed = Policy.safeParse({ ...value, version: 1 });
    if (parsed.success) return parsed.data;
    left = parsed.error.issues;
  }
  return null;
}

/** The problems of the path patterns of a policy. */
export function patternIssues(policy: Policy, places: Places): YamlProblem[] {
  return patternLists(policy).flatMap(({ key, patterns }) =>
    problems(patterns).map(({ index, message }) => ({
      message: `${key}: ${message}`,
      ...placeOf(places, [key, index]),
    })),
  );
}
