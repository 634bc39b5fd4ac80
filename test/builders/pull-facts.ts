import { parsePolicy } from "../../collect/policy/policy.ts";
import { readYaml } from "../../collect/yaml/yaml.ts";
import type { Change, Content, FileText, LoadedPolicy, PullFacts } from "../../core/facts.ts";
import { known, unknown } from "../../core/known.ts";
import type { PullRecord, PullRun, SignOff } from "../../core/pull-record.ts";

export const base = "b".repeat(40);
export const head = "d".repeat(40);
export const earlier = "c".repeat(40);
const blob = "e".repeat(40);

/** A policy from its text; a malformed one is a mistake in the test. */
export function policyOf(text: string): LoadedPolicy {
  const parsed = parsePolicy(text);
  if (!parsed.ok) throw new Error(`${parsed.problems[0].line}: ${parsed.problems[0].message}`);
  return { ref: base, blob, policy: parsed.policy, lines: parsed.lines };
}

/** A changed file with ten lines added. */
export function change(path: string, over: Partial<Change> = {}): Change {
  const side = { mode: "100644", sha: blob };
  return { path, before: side, after: side, added: 10, deleted: 0, bytes: 100, binary: false, ...over };
}

/** A file's text on the head, and at the merge base when it was there. */
export function text(path: string, after: string | null, before: string | null = null): FileText {
  const yaml = (of: string) => (/\.ya?ml$/i.test(path) ? { yaml: readYaml(of, "lenient") } : {});
  const content = (of: string | null): Content =>
    of === null ? { state: "absent" } : { state: "text", text: of, ...yaml(of) };
  return { path, before: content(before), after: content(after) };
}

/** A rename as the collector tells it: one path gone, one new. */
export function renamed(from: string, to: string): Change[] {
  return [change(from, { after: null, added: 0 }), change(to, { before: null })];
}

export const author = { id: 1, login: "ada", type: "User" } as const;
export const tester = { id: 2, login: "grace", type: "User" } as const;
const app = { id: 99, login: "sallyport[bot]", type: "Bot" } as const;

export function run(over: Partial<PullRun> = {}): PullRun {
  return {
    run: "run-7-1",
    story: 7,
    prompt: 8,
    role: "web",
    paths: ["web/**"],
    risk: "low",
    needsManualTest: false,
    evidenceFiles: [],
    requesters: [author],
    approval: { digest: "1".repeat(64), by: tester, seq: 5 },
    dependsOn: [],
    laterPaths: [],
    decisions: [],
    ...over,
  };
}

/** When a person acted on the pull request, and that it entered `main` then. */
export const forMain = { baseRef: "main", at: "2026-11-21T08:00:00.000Z" };

export function signOff(over: Partial<SignOff> = {}): SignOff {
  return { sha: head, test: "manual", result: "pass", by: tester, seq: 10, ...forMain, ...over };
}

export function recordOf(over: Partial<PullRecord> = {}): PullRecord {
  return { run: null, evidence: [], signOffs: [], waivers: [], adoptions: [], stops: [], ...over };
}

export const evidenceOfHead = {
  commit: head,
  tree: "a".repeat(40),
  attempt: "R0/S0",
  bundle: "f".repeat(64),
};

/** The record of a run whose evidence is in order. */
export function runRecord(over: Partial<PullRun> = {}, more: Partial<PullRecord> = {}): PullRecord {
  return recordOf({ run: run(over), evidence: [evidenceOfHead], ...more });
}

type Given = { policy?: string; changes?: Change[]; record?: PullRecord } & Partial<
  Omit<PullFacts, "policy" | "changes" | "record">
>;

/** The facts of a pull request of a person, in order in every way, except for what is given. */
export function facts({
  policy = "version: 1",
  changes = [change("web/a.ts")],
  record = recordOf(),
  ...rest
}: Given = {}): PullFacts {
  return {
    repository: { id: 5, name: "acme/site" },
    pull: { number: 3, author: record.run === null ? author : app, title: "A change", body: "", labels: [] },
    base: { ref: "main", sha: base },
    retargetedAt: known(null),
    head: { sha: head },
    defaultBranch: "main",
    policy: known({ state: "loaded", ...policyOf(policy) }),
    mergeBase: known(base),
    changes: known(changes),
    texts: known([]),
    attachments: unknown("the policy requires no attachments"),
    commits: known([{ sha: head, parents: [base], tree: "a".repeat(40), message: "A change" }]),
    secrets: known([]),
    proposed: known(null),
    reviews: known([]),
    authorPermission: unknown("nobody asked"),
    checks: known([]),
    record: known(record),
    day: "2026-11-21",
    ...rest,
  };
}
