import { sha256 } from "../../core/digest.ts";
import { entriesOf, type TypedEntry } from "../../core/entries.ts";
import type { PullFacts } from "../../core/facts.ts";
import { type Json, parseCanonicalJson } from "../../core/json.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import { bodyPath } from "../../core/ledger/branch.ts";
import { findRunBasis } from "../../core/replay/approval.ts";
import { submittedRun } from "../../core/replay/replay.ts";
import {
  attemptEntries,
  type PublishedBody,
  type ReplayGit,
  type ReplaySources,
  type WrittenCommit,
} from "../../core/replay/sources.ts";
import { verdictsOf } from "../../core/replay/verdict.ts";
import { writtenFiles } from "../../core/story/bodies.ts";
import { Advice, AdvicePack } from "../../schemas/advice.ts";
import type { EntryBody } from "../../schemas/entries.ts";
import { policyBytes, policyPath } from "../../schemas/limits.ts";
import type { Policy } from "../../schemas/policy.ts";
import { ReworkReport } from "../../schemas/rework.ts";
import { Pack, StepResult } from "../../schemas/step.ts";
import { GivenFacts } from "../../schemas/verdict.ts";
import { comparedBytes } from "../changes.ts";
import { gitObjects } from "../git/objects.ts";
import { readBaseText, readInstructions } from "../issue/base-files.ts";
import type { Objects } from "../objects.ts";
import { parsePolicy } from "../policy/policy.ts";
import { readJudged } from "./replay-verdict.ts";

/**
 * A verified ledger: its files by path, its entries, the repository's name at each entry by the entry's number, and the
 * clone's git directory if there is one.
 */
export type ReplayInput = {
  files: ReadonlyMap<string, Uint8Array>;
  entries: readonly TypedEntry[];
  names: ReadonlyMap<number, string>;
  dir: string | null;
};

/**
 * Reads everything that a replay of one run compares the ledger with. Everyone who can write to this copy may have
 * written the bodies and git objects: the replay checks them against the ledger's digests.
 */
export async function collectReplaySources(run: string, input: ReplayInput): Promise<ReplaySources> {
  const { files, entries, names, dir } = input;
  const packs = new Map<string, PublishedBody<Pack>>();
  const results = new Map<string, PublishedBody<StepResult>>();
  for (const { body } of entriesOf(entries, "prompt.recorded")) {
    if (body.run === run) addBody(packs, files, body.pack.sha256, (value) => Pack.safeParse(value).data);
  }
  for (const { body } of entriesOf(entries, "response.recorded")) {
    if (body.run === run) addBody(results, files, body.result.sha256, (value) => StepResult.safeParse(value).data);
  }
  const reports = new Map<string, PublishedBody<ReworkReport>>();
  for (const { body } of entriesOf(entries, "rework.opened"))
    addBody(reports, files, body.report.sha256, (value) => ReworkReport.safeParse(value).data);
  const advicePacks = new Map<string, PublishedBody<AdvicePack>>();
  for (const { body } of entriesOf(entries, "advice.asked"))
    addBody(advicePacks, files, body.pack.sha256, (value) => AdvicePack.safeParse(value).data);
  const advices = new Map<string, PublishedBody<Advice>>();
  for (const { body } of entriesOf(entries, "advice.given"))
    addBody(advices, files, body.advice.sha256, (value) => Advice.safeParse(value).data);
  const given = new Map<string, PublishedBody<GivenFacts>>();
  for (const { body } of entriesOf(entries, "verdict.given"))
    if (body.facts !== undefined) addBody(given, files, body.facts.sha256, (value) => GivenFacts.safeParse(value).data);
  return {
    names,
    packs,
    results,
    reports,
    advicePacks,
    advices,
    given,
    git: dir === null ? null : await readGit(dir, run, entries, given),
  };
}

function addBody<T>(
  bodies: Map<string, PublishedBody<T>>,
  files: ReplayInput["files"],
  sha256: string,
  parse: (value: Json | undefined) => T | undefined,
): void {
  const content = files.get(bodyPath(sha256));
  if (content === undefined) return;
  const text = Buffer.from(content).toString("utf8");
  bodies.set(sha256, { text, value: parse(parseCanonicalJson(text)) ?? null });
}

async function readGit(
  dir: string,
  run: string,
  entries: readonly TypedEntry[],
  given: ReplaySources["given"],
): Promise<ReplayGit> {
  const objects = gitObjects(dir);
  try {
    const submitted = submittedRun(entries, run);
    const found = submitted === undefined ? null : findRunBasis(entries, submitted);
    const parts = found?.ok === true ? found.basis.approval.body.parts : null;
    const commits = new Map<string, Known<WrittenCommit>>();
    for (const asked of entriesOf(entries, "prompt.recorded")) {
      if (asked.body.run !== run) continue;
      const { commit, response, verification } = attemptEntries(entries, asked);
      if (commit === undefined) continue;
      const written = writtenFiles(response?.body.files ?? [], verification?.body ?? null);
      const paths = written.map(({ path }) => path);
      commits.set(commit.body.commit, await readCommit(objects, commit.body, paths));
    }
    const judged = new Map<number, Known<PullFacts>>();
    for (const verdict of submitted === undefined ? [] : verdictsOf(entries, submitted)) {
      const told = given.get(verdict.body.facts?.sha256 ?? "")?.value ?? null;
      if (told !== null) judged.set(verdict.seq, await readJudged(objects, verdict, told, entries));
    }
    const nothing = unknown("the ledger does not say which policy was approved");
    const policy = parts === null ? nothing : await readPolicyBlob(objects, parts.policy);
    const paths = policy.known ? policy.value.agents.instructions : [];
    const read = parts === null ? nothing : await readInstructions(objects, parts.base, paths);
    const named = policy.known ? policy.value.tiers.contract?.template : undefined;
    return {
      template: parts === null || named === undefined ? known(null) : await readBaseText(objects, parts.base, named),
      policyAtBase: parts === null ? nothing : await policySide(objects, parts.base),
      policy,
      instructions: read.known ? known(read.value.flatMap(({ file }) => file ?? [])) : read,
      commits,
      judged,
    };
  } finally {
    objects.close();
  }
}

async function policySide(objects: Objects, base: string): Promise<ReplayGit["policyAtBase"]> {
  const entry = await objects.entry(base, policyPath);
  if (!entry.known || entry.value === null) return entry.known ? known(null) : entry;
  const { mode, sha } = entry.value;
  return known({ mode, sha });
}

async function readPolicyBlob(objects: Objects, sha: string): Promise<Known<Policy>> {
  const blob = await objects.blob(sha, policyBytes);
  if (!blob.known) return blob;
  if (blob.value.content === null)
    return unknown(`the policy ${sha} has ${blob.value.size} bytes; at most ${policyBytes} are read`);
  const parsed = parsePolicy(blob.value.content);
  if (parsed.ok) return known(parsed.policy);
  const [{ line, message }] = parsed.problems;
  return unknown(`the policy ${sha} cannot be read by this version: line ${line}: ${message}`);
}

async function readCommit(
  objects: Objects,
  { commit, parent, casefiles = [] }: EntryBody<"change.committed">,
  paths: readonly string[],
): Promise<Known<WrittenCommit>> {
  const listed = await objects.commits(parent, commit);
  if (!listed.known) return listed;
  const fact = listed.value.find(({ sha }) => sha === commit);
  if (fact === undefined) return unknown(`${commit} does not come after its parent ${parent}`);
  const changed = await objects.changes(parent, commit);
  if (!changed.known) return changed;
  const files = new Map<string, string | null>();
  const before = new Map<string, string | null>();
  const written = casefiles.map(({ path }) => path);
  for (const path of [...paths, ...written]) {
    const content = await readFile(objects, commit, path);
    if (!content.known) return content;
    files.set(path, content.value === null ? null : sha256(content.value));
  }
  for (const path of written) {
    const content = await readFile(objects, parent, path);
    if (!content.known) return content;
    before.set(path, content.value?.toString("utf8") ?? null);
  }
  const { tree, parents, message } = fact;
  const changes = changed.value.map(({ path, before, after }) => ({ path, before, after }));
  return known({ tree, parents, message, changes, files, ...(before.size === 0 ? {} : { before }) });
}

/** The content of the file at a path; null if there is none. */
async function readFile(objects: Objects, commit: string, path: string): Promise<Known<Buffer | null>> {
  const entry = await objects.entry(commit, path);
  if (!entry.known) return entry;
  if (entry.value?.type !== "blob") return known(null);
  const blob = await objects.blob(entry.value.sha, comparedBytes);
  if (!blob.known) return blob;
  const { content, size } = blob.value;
  if (content === null)
    return unknown(`${JSON.stringify(path)} of ${commit} has ${size} bytes; no answer is that long`);
  return known(content);
}
