import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { PolicyParser } from "../../../collect/pull/commits.ts";
import type { PolicyReading } from "../../../core/facts.ts";

/** What the parser of this build is made of, as a digest; there is none in a checkout, where the parser may change. */
declare const POLICY_PARSER: string | undefined;
const parser = typeof POLICY_PARSER === "undefined" ? null : POLICY_PARSER;

/**
 * Parses policies, and keeps what each came to in the user's own cache, beside the compiled code: to load the parser takes
 * longer than to judge by what it gives. A file there is named by the parser and by the policy's blob, so it is never out of
 * date. One that cannot be read or written, or is not as it was written, changes nothing.
 */
export function cachingParser(cache: string | undefined): PolicyParser {
  return async (ref, blob, content) => {
    if (cache === undefined || parser === null) return parse(ref, blob, content);
    const name = `policy-${parser}-${blob}`;
    const file = join(cache, name);
    const remembered = readCached(file, name);
    if (remembered !== null) return { ...remembered, ref, blob };
    const reading = await parse(ref, blob, content);
    // git does not compare what it reads with its name: a clone that lies must not choose another repository's policy.
    const { blobId } = await import("../../../collect/blob-id.ts");
    if (blobId(content, blob.length === 64 ? "sha256" : "sha1") !== blob) return reading;
    const text = JSON.stringify(reading);
    writeCached(file, [name, text, text].join("\n"));
    return reading;
  };
}

const parse: PolicyParser = async (...policy) =>
  (await import("./policy-parser.ts")).policyReading(...policy);

/**
 * What was kept under a name; null: nothing, or something else stands there. It was written twice, so that damage shows: the
 * schema takes long to load, and so does a hash.
 */
function readCached(file: string, name: string): PolicyReading | null {
  try {
    const [title, text = "", again] = readFileSync(file, "utf8").split("\n");
    return title === name && text === again ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

/** Whole or not at all, whoever else writes it at the same time. */
function writeCached(file: string, text: string): void {
  const part = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(part, text, { mode: 0o600 });
    renameSync(part, file);
  } catch {
    // The cache cannot be written: the next run parses again.
  }
}
