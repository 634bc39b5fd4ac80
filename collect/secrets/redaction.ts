import type { Json } from "../../core/json.ts";
import type { Range } from "../../core/redaction/exact-values.ts";
import { type LineRedaction, redactionMark, redactRanges } from "../../core/redaction/redaction.ts";
import { loadScan, type Scan } from "./scan.ts";

/** A secret in a text. `exact` is one of our own values; any other has only the form of a secret. */
export type Secret = Range & { exact: boolean };

/** Finds the secrets in a text of anybody; the file's name matters to some rules. */
export type SecretSearch = (text: string, fileName?: string) => Promise<Secret[]>;

/** A cut can join what stood on both sides of it into something that has the form of a secret, but hardly again and again. */
const maxRounds = 4;

/** Makes the search for our own values, which `own` finds, and for all that has the form of a secret. */
export function createSecretSearch(
  own: (text: string) => Range[],
  load: () => Promise<Scan> = loadScan,
): SecretSearch {
  let scan: Promise<Scan> | undefined;
  return async (text, fileName = "text") => {
    scan ??= load();
    const found = own(text).map((range) => ({ ...range, exact: true }));
    try {
      const hits = await (await scan)(text, fileName);
      return [...found, ...hits.map(({ rule, start, end }) => ({ rule, start, end, exact: false }))];
    } catch {
      // A rule broke on this text, so nobody knows what it holds. What the rule said is dropped: it may quote the text.
      return [{ rule: "not-searched", start: 0, end: text.length, exact: true }];
    }
  };
}

/** The text without its secrets, and what was cut. Cutting again changes nothing more. */
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

/** Where in a value something was cut: the keys and places that lead to the text. */
export type JsonRedaction = LineRedaction & { at: readonly (string | number)[] };

/** A value of plain JSON whose every text and key is without secrets. What is split over two texts is not found. */
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
