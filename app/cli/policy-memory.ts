import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { PolicyParser } from "../../collect/commits.ts";

/** What the parser of this build is made of, as a digest; there is none in a checkout, where the parser may change. */
declare const POLICY_PARSER: string | undefined;
const parser = typeof POLICY_PARSER === "undefined" ? null : POLICY_PARSER;

/**
 * Parses policies, and keeps what each came to in the user's own cache, beside the compiled code: to load the parser takes
 * longer than to judge by what it gives. A file there is named by the parser and by the policy's blob, so it is never out of
 * date. One that cannot be read or written changes nothing.
 */
export function rememberingParser(cache: string | undefined): PolicyParser {
  return async (ref, blob, content) => {
    if (cache === undefined || parser === null) return parse(ref, blob, content);
    const file = join(cache, `policy-${parser}-${blob}.json`);
    try {
      return { ...JSON.parse(readFileSync(file, "utf8")), ref, blob };
    } catch {
      const reading = await parse(ref, blob, content);
      keep(file, JSON.stringify(reading));
      return reading;
    }
  };
}

const parse: PolicyParser = async (...policy) =>
  (await import("./policy-parser.ts")).policyReading(...policy);

/** Whole or not at all, whoever else writes it at the same time. */
function keep(file: string, text: string): void {
  const part = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(part, text, { mode: 0o600 });
    renameSync(part, file);
  } catch {
    // The cache cannot be written: the next run parses again.
  }
}
