import type { Json } from "../../core/json.ts";
import type { Range } from "../../core/redaction/exact-values.ts";
import { type LineRedaction, redactionMark, redactRanges } from "../../core/redaction/redaction.ts";
import { loadScan, type Scan } from "./scan.ts";

/**
 * A secret in a text. `exact`: it is one of our own values, or the text was not searched; any other only looks like a
 * secret.
 */
export type Secret = Range & { exact: boolean };

/** Finds the secrets in a text, which anybody may have written; some rules depend on the file's name. */
export type SecretSearch = (text: string, fileName?: string) => Promise<Secret[]>;

/** A redaction can join the text on both sides of it into something that looks like a secret, but hardly repeatedly. */
const maxRounds = 4;

/** Creates the search for our own values, which `own` finds, and for everything that looks like a secret. */
export function createSecretSearch(
  own: (text: string) => Range[],
  load: () => Promise<Scan> = () => loadScan(),
): SecretSearch {
  let scan: Promise<Scan> | undefined;
  return async (text, fileName = "text") => {
    scan ??= load();
    const found = own(text).map((range) => ({ ...range, exact: true }));
    try {
      const hits = await (await scan)(text, fileName);
      return [...found, ...hits.map(({ rule, start, end }) => ({ rule, start, end, exact: false }))];
    } catch {
      // A rule threw on this text, so its content is unknown. The error is dropped because it may quote the text.
      return [{ rule: "not-searched", start: 0, end: text.length, exact: true }];
    }
  };
}

/** The text without its secrets, and the redactions. Redacting the result again changes nothing. */
export async function redactSecrets(
  text: string,
  search: SecretSearch,
  fileName?: string,
): Promise<{ text: string; redactions: LineRedaction[] }> {
  const redactions: LineRedaction[] = [];
  let left = text;
  for (let round = 0; round < maxRounds && left !== redactionMark; round++) {
    const found = await search(left, fileName);
    if (found.length === 0) return { text: left, redactions };
    const redacted = redactRanges(left, found);
    redactions.push(...redacted.redactions);
    left = redacted.text;
  }
  return { text: redactionMark, redactions };
}

/** A redaction in a value; `at` holds the keys and indexes that lead to the text. */
export type JsonRedaction = LineRedaction & { at: readonly (string | number)[] };

/** Redacts every string and key of a JSON value. A secret that is split over two strings is not found. */
export async function redactSecretsIn(
  value: Json,
  search: SecretSearch,
): Promise<{ value: Json; redactions: JsonRedaction[] }> {
  const redactions: JsonRedaction[] = [];
  const textWithout = async (text: string, at: JsonRedaction["at"]) => {
    const redacted = await redactSecrets(text, search);
    redactions.push(...redacted.redactions.map((one) => ({ ...one, at })));
    return redacted.text;
  };
  const without = async (inner: Json, at: JsonRedaction["at"]): Promise<Json> => {
    if (typeof inner === "string") return textWithout(inner, at);
    if (typeof inner !== "object" || inner === null) return inner;
    if (isList(inner)) {
      const items: Json[] = [];
      for (const [index, item] of inner.entries()) items.push(await without(item, [...at, index]));
      return items;
    }
    const pairs: [string, Json][] = [];
    for (const [key, item] of Object.entries(inner)) {
      if (item === undefined) continue;
      const name = await textWithout(key, at);
      pairs.push([name, await without(item, [...at, name])]);
    }
    return Object.fromEntries(pairs);
  };
  return { value: await without(value, []), redactions };
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
