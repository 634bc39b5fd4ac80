import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { PolicyParser } from "../../../collect/pull/commits.ts";
import type { PolicyReading } from "../../../core/facts.ts";

/** A digest of this build's policy parser; undefined in a checkout, where the parser may change. */
declare const POLICY_PARSER: string | undefined;
const parser = typeof POLICY_PARSER === "undefined" ? null : POLICY_PARSER;

/**
 * Parses policies, and caches the results in the user's own cache folder, beside the compiled code: loading the parser
 * takes longer than judging. A cache file is named by the parser and the policy's blob, so it is never out of date. An
 * unreadable, unwritable or damaged file changes nothing.
 */
export function cachingParser(cache: string | undefined): PolicyParser {
  return async (ref, blob, content) => {
    if (cache === undefined || parser === null) return parse(ref, blob, content);
    const name = `policy-${parser}-${blob}`;
    const file = join(cache, name);
    const remembered = readCached(file, name);
    if (remembered !== null) return { ...remembered, ref, blob };
    const reading = await parse(ref, blob, content);
    // git does not check content against its id on reading: a clone that lies must not choose another repository's
    // policy.
    const { blobId } = await import("../../../collect/blob-id.ts");
    if (blobId(content, blob.length === 64 ? "sha256" : "sha1") !== blob) return reading;
    const text = JSON.stringify(reading);
    writeCached(file, [name, text, text].join("\n"));
    return reading;
  };
}

const parse: PolicyParser = async (...policy) => (await import("./policy-parser.ts")).policyReading(...policy);

/**
 * The cached reading under a name; null if it is missing or damaged. It was written twice to show damage: loading the
 * schema takes long, and so does a hash.
 */
function readCached(file: string, name: string): PolicyReading | null {
  try {
    const [title, text = "", again] = readFileSync(file, "utf8").split("\n");
    return title === name && text === again ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

/** Writes a file atomically, even if another process writes it at the same time. */
function writeCached(file: string, text: string): void {
  const part = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(part, text, { mode: 0o600 });
    renameSync(part, file);
  } catch {
    // The cache is not writable: the next run parses again.
  }
}
