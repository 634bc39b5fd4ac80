import { apiObjects } from "../../collect/github/objects.ts";
import { type GitHub, mapKnown, valueOrThrow } from "../../collect/github/request.ts";
import { readCurrentPolicy } from "../../collect/policy/current.ts";
import { redactSecretsIn, type SecretSearch } from "../../collect/secrets/redaction.ts";
import { known } from "../../core/known.ts";
import { type BranchFile, bodyPath } from "../../core/ledger/branch.ts";
import { readEntry } from "../../core/ledger/entry.ts";
import { referencedBodies } from "../../core/ledger/retention.ts";
import { typedEntry } from "../../core/ledger/typed-entry.ts";
import type { Line, Tip } from "./published.ts";

/** Reads bodies, and finds secrets in them, which must not be published; `reader` reads the policy that decides about it. */
export type BodySource = {
  reader: GitHub;
  body(sha256: string): Promise<Uint8Array | null>;
  secrets: SecretSearch;
};

/** The changes to the branch's bodies: new entries' bodies are added, purged ones are removed. */
export type BodyChanges = { files: BranchFile[]; removed: string[] };

/** The packs and answers that new entries name, if `ledger.payload` publishes them, and the files of purged ones. */
export async function bodyChanges(
  fresh: readonly Line[],
  tip: Tip,
  github: GitHub,
  source: BodySource,
): Promise<BodyChanges> {
  const added = new Set<string>();
  const purged = new Set<string>();
  for (const { line } of fresh) {
    const entry = readEntry(line);
    const typed = entry.ok ? typedEntry(entry.entry) : null;
    if (typed === null) continue;
    for (const { sha256 } of referencedBodies(typed)) {
      added.add(sha256);
      purged.delete(sha256);
    }
    if (typed.kind !== "payload.purged") continue;
    for (const { sha256 } of typed.body.digests) {
      added.delete(sha256);
      purged.add(sha256);
    }
  }
  return {
    files: added.size > 0 && (await mayPublish(source.reader)) ? await filesOf(added, source) : [],
    removed: purged.size > 0 && tip !== null ? await onBranch(purged, tip, github) : [],
  };
}

async function filesOf(digests: Iterable<string>, { body, secrets }: BodySource): Promise<BranchFile[]> {
  const files: BranchFile[] = [];
  for (const sha256 of digests) {
    const content = await body(sha256);
    if (content !== null && !(await holdsSecret(content, secrets))) files.push({ path: bodyPath(sha256), content });
  }
  return files;
}

/** The paths of those bodies that are on the branch: GitHub refuses to remove a missing file. */
async function onBranch(digests: Iterable<string>, { commit }: NonNullable<Tip>, github: GitHub): Promise<string[]> {
  const objects = apiObjects(github);
  const found = await mapKnown([...digests].map(bodyPath), async (path) => {
    const entry = await objects.entry(commit, path);
    return entry.known ? known(entry.value === null ? [] : [path]) : entry;
  });
  return valueOrThrow(found).flat();
}

/**
 * Whether bodies are published, by the current policy on the default branch, or by the default without one. A malformed
 * policy publishes none, and an unreadable one stops the publish: a body that was held back is not published later.
 */
async function mayPublish(github: GitHub): Promise<boolean> {
  const { policy, isPrivate } = await readCurrentPolicy(github);
  if (policy.state === "malformed") return false;
  const payload = policy.state === "loaded" ? policy.policy.ledger?.payload : undefined;
  switch (payload ?? "private-repo") {
    case "full":
      return true;
    case "digest":
      return false;
    case "private-repo":
      return isPrivate;
  }
}

/** People wrote parts of a pack, and it is recorded before the search for secrets that keeps it from being sent. */
async function holdsSecret(content: Uint8Array, search: SecretSearch): Promise<boolean> {
  const { redactions } = await redactSecretsIn(JSON.parse(Buffer.from(content).toString("utf8")), search);
  return redactions.length > 0;
}
