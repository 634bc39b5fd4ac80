import type { Change, CommitFact, PolicyReading, SecretFinding } from "../../core/facts.ts";
import { wantsSecrets } from "../../core/gates/secrets.ts";
import { type Known, known, type Unread, unknown } from "../../core/known.ts";
import { type Matcher, matcher } from "../../core/paths/patterns.ts";
import type { SecretForm } from "../../schemas/secret-form.ts";
import type { Objects } from "../objects.ts";
import { bare, valuesInBase } from "./base-values.ts";
import { type Hit, loadScan, nameKind, type Scan } from "./scan.ts";
import { visitTexts } from "./texts.ts";

/**
 * The change to search for secrets; `pull` is null when a git directory alone is judged. The author of the change wrote
 * the commits and texts.
 */
export type SecretsSource = {
  policy: Known<PolicyReading>;
  mergeBase: Known<string>;
  changes: Known<Change[]>;
  commits: Known<CommitFact[]>;
  pull: { title: string; body: string } | null;
};

/** The most finds that are compared with what stood there before. */
const maxHits = 5_000;

/** A finding and the secret itself, which is compared and never reported. */
type Found = { finding: SecretFinding; value: string };

/**
 * A file that a commit adds or changes: its new blob, and the blobs at its path in the commit's parents. `sha` is null
 * if the file only moved; `named` means that its name is new.
 */
type Arrival = { path: string; sha: string | null; before: string[]; named: boolean };

type Reader = {
  scan: Scan;
  objects: Objects;
  ignored: Matcher;
  /** The hits by blob and kind of name, so that a blob that is in many commits is scanned once. */
  found: Map<string, Hit[]>;
  hits: number;
};

/**
 * The key of a scanned blob: a rule may find a secret in `.npmrc` that it does not find in the same content under
 * another name.
 */
function searchedAs(sha: string, path: string): string {
  return `${sha} ${nameKind(path)}`;
}

/**
 * Searches everything that any commit of the change adds, even if a later commit removes it, and file names, commit
 * messages, title and description. A secret that stands in the base already is not new. A text that cannot be read in
 * full makes the answer unknown. No finding quotes a secret. Empty when the policy wants no search.
 */
export async function findSecrets(objects: Objects, source: SecretsSource): Promise<Known<SecretFinding[]>> {
  const { policy, commits, pull } = source;
  if (!policy.known) return policy;
  if (policy.value.state !== "loaded" || !wantsSecrets(policy.value.policy)) return known([]);
  if (!commits.known) return commits;
  const { ignore = [], forms = [] } = policy.value.policy.gates.secrets ?? {};
  const ignored = matcher(ignore, "allow");
  const guard = await guardedScan(forms);
  const reader: Reader = { scan: guard.scan, objects, ignored, found: new Map(), hits: 0 };
  const found: Found[] = [];
  const arrivals = await arrivalsOf(objects, commits.value);
  if (!arrivals.known) return arrivals;
  const searched = arrivals.value.flat().filter(({ path }) => ignored.matches(path) === null);
  const unread = await scanBlobs(reader, searched);
  if (unread !== null) return unread;
  for (const [at, commit] of commits.value.entries()) {
    const inCommit = await scanCommit(reader, commit, arrivals.value[at] ?? []);
    if (!inCommit.known) return inCommit;
    found.push(...inCommit.value);
  }
  const texts =
    pull === null
      ? []
      : ([
          ["title", pull.title],
          ["description", pull.body],
        ] as const);
  for (const [where, text] of texts)
    for (const { rule, value } of await reader.scan(text, where))
      found.push({ finding: { rule, where, commit: null, path: null, line: null }, value });
  if (guard.hasBroken()) return unknown("a text of the change could not be searched for secrets: a rule broke on it");
  const old = await valuesInBase(objects, source, new Set(found.map(({ value }) => value)));
  if (!old.known) return old;
  return known(distinct(found.filter(({ value }) => !old.value.has(value)).map(({ finding }) => finding)));
}

/**
 * A scanner that continues when a rule throws on a text, and remembers it. The error is dropped because it may quote
 * the text.
 */
async function guardedScan(forms: readonly SecretForm[]): Promise<{ scan: Scan; hasBroken: () => boolean }> {
  const scan = await loadScan(forms);
  let isBroken = false;
  return {
    scan: (text, fileName) =>
      scan(text, fileName).catch(() => {
        isBroken = true;
        return [];
      }),
    hasBroken: () => isBroken,
  };
}

async function scanCommit(reader: Reader, commit: CommitFact, arrivals: readonly Arrival[]): Promise<Known<Found[]>> {
  const { sha } = commit;
  const found: Found[] = [];
  for (const { rule, value } of await reader.scan(commit.message, "message"))
    found.push({ finding: { rule, where: "commit-message", commit: sha, path: null, line: null }, value });
  // A name that holds a secret is never reported, not even with the findings in the file's content.
  const secretNames = new Set<string>();
  for (const { path } of arrivals.filter(({ named }) => named)) {
    const [hit] = await reader.scan(path, "name");
    if (hit === undefined) continue;
    secretNames.add(path);
    found.push({
      finding: { rule: hit.rule, where: "file-name", commit: sha, path: null, line: null },
      value: hit.value,
    });
  }
  for (const arrival of arrivals) {
    if (reader.ignored.matches(arrival.path) !== null) continue;
    const fresh = await newHits(reader, arrival);
    if (!fresh.known) return fresh;
    const path = secretNames.has(arrival.path) ? null : arrival.path;
    for (const { rule, line, value } of fresh.value)
      found.push({ finding: { rule, where: "file", commit: sha, path, line }, value });
  }
  return known(found);
}

/** For each commit the files that differ from every parent; `sha` is null for those that only moved. */
async function arrivalsOf(objects: Objects, commits: readonly CommitFact[]): Promise<Known<Arrival[][]>> {
  const orphan = commits.find(({ parents }) => parents.length === 0);
  if (orphan !== undefined)
    return unknown(`commit ${orphan.sha} has no parent to compare with: a change must not bring in another history`);
  const steps = await objects.steps(
    commits.flatMap(({ sha, parents }) => parents.map((before) => ({ before, after: sha }))),
  );
  if (!steps.known) return steps;
  const left = [...steps.value];
  return known(commits.map(({ parents }) => arrivalsIn(left.splice(0, parents.length))));
}

/** What arrives in a commit, from its changes against each of its parents. */
function arrivalsIn([first = [], ...others]: readonly Change[][]): Arrival[] {
  const stood = new Set<string>();
  const note = ({ path, before }: Change) => before !== null && stood.add(searchedAs(before.sha, path));
  first.forEach(note);
  const arrivals = new Map<string, Arrival>();
  for (const { path, before, after } of first) {
    if (after === null || after.mode === "160000" || after.sha === before?.sha) continue;
    arrivals.set(path, { path, sha: after.sha, before: oldSide(before), named: before === null });
  }
  for (const against of others) {
    const differing = new Map(against.map((change) => [change.path, change]));
    against.forEach(note);
    for (const [path, arrival] of arrivals) {
      const change = differing.get(path);
      if (change === undefined) arrivals.delete(path);
      else {
        arrival.before.push(...oldSide(change.before));
        arrival.named &&= change.before === null;
      }
    }
  }
  for (const arrival of arrivals.values())
    if (arrival.sha !== null && stood.has(searchedAs(arrival.sha, arrival.path))) arrival.sha = null;
  return [...arrivals.values()];
}

function oldSide(before: Change["before"]): string[] {
  return before === null || before.mode === "160000" ? [] : [before.sha];
}

/** Scans the blobs that were not scanned before; null, or why one was not. */
async function scanBlobs(reader: Reader, arrivals: readonly Arrival[]): Promise<Unread | null> {
  const names = new Map<string, Map<string, string>>();
  for (const { sha, path } of arrivals) {
    if (sha === null) continue;
    const own = names.get(sha) ?? new Map<string, string>();
    names.set(sha, own.set(searchedAs(sha, path), path));
  }
  return visitTexts(reader.objects, [...names.keys()], async (text, sha) => {
    for (const [key, path] of names.get(sha) ?? []) {
      const hits = await reader.scan(text, path);
      reader.hits += hits.length;
      if (reader.hits > maxHits) {
        const step = "Take them out, or leave the files out with `gates.secrets.ignore`.";
        return { known: false, why: `more than ${maxHits} places in its files look like secrets`, step };
      }
      // Copied, because a part of a text keeps all of it in memory.
      const copies = hits.map((hit) => ({ ...hit, value: Buffer.from(hit.value).toString() }));
      reader.found.set(key, copies);
    }
    return null;
  });
}

/** The hits of an arrival that are in none of the parents, even with other line breaks. */
async function newHits(reader: Reader, { sha, path, before }: Arrival): Promise<Known<Hit[]>> {
  let fresh = sha === null ? [] : (reader.found.get(searchedAs(sha, path)) ?? []);
  if (fresh.length === 0) return known([]);
  const unread = await visitTexts(reader.objects, before, (text) => {
    const old = bare(text);
    fresh = fresh.filter(({ value }) => !old.includes(bare(value)));
    return null;
  });
  return unread ?? known(fresh);
}

function distinct(findings: readonly SecretFinding[]): SecretFinding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
}
