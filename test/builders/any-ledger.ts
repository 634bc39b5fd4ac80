import fc from "fast-check";
import type { TypedEntry } from "../../core/entries.ts";
import { foundBy, leadsTo } from "../../core/record/keys.ts";
import type { EntryBody, EntryKind } from "../../schemas/entries.ts";
import { mergedStory } from "./merged-story.ts";
import { begin, samplePlan } from "./story.ts";

/** Few of each, so that entries of different stories speak of the same things. */
const id = (letter: string) => letter.repeat(40);
export const shas = ["1", "2", "3", "4", "5", "8"].map(id);
export const trees = ["a", "c", "e"].map(id);
export const blobs = ["6", "7"].map(id);
const sha256s = ["1", "2"].map((letter) => letter.repeat(64));
export const stories = [2, 12, 22];
export const prompts = [3, 4, 13, 14, 23];
export const pulls = [11, 21, 31, 41];
const runs = ["run-2-1", "run-2-2", "run-12-1", "run-22-1"];
const one = <T>(...values: readonly [T, ...T[]] | readonly T[]) => fc.constantFrom(...values);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 1 });
const [story, prompt, pull, sha, sha256, tree] = [
  one(...stories),
  one(...prompts),
  one(...pulls),
  one(...shas),
  one(...sha256s),
  one(...trees),
];
const run = one(...runs);
const branch = fc.tuple(run, prompt).map(([of, number]) => `sallyport/${of}/${number}`);
const attempt = fc.record({ r: one(0, 1), s: one(0, 1) });
const step = { run, story, prompt, attempt };
const account = one(
  { id: 1, login: "lena", type: "User" as const },
  { id: 2, login: "quinn", type: "User" as const },
  { id: 30, login: "max", type: "User" as const },
);
const ref = fc.record({ sha256, bytes: one(4), mediaType: one("application/json") });
const source = fc.record({ type: one("comment" as const), id: one(1, 2, 3) });
const usage = fc.constant({ model: "a-model", calls: 1, inputTokens: 5, outputTokens: 5 });
const files = fc.constant<EntryBody<"evidence.captured">["files"]>([{ path: "web/a.ts", sha256: "1".repeat(64) }]);
const baseRef = maybe(one("main", "dev"));
const act = { pull, baseRef, comment: one(1, 2) };
const conclusion = one("success" as const, "failure" as const, "pending" as const);
const branches = one("refs/heads/main", "refs/heads/dev");
const revision = one(1, 2);
const concern = one("comment/1", "comment/2", "question-2-1-1", "merged/11", "merged/21", "rework-11-1");
const checkpoint = fc.tuple(run, prompt, attempt).map(([of, at, { r, s }]) => `${of}/${at}/R${r}S${s}`);
const rollback = {
  ...{ checkpoint, ...step, branch, to: fc.option(sha) },
  ...{ undone: fc.uniqueArray(sha, { minLength: 1, maxLength: 2 }), comment: one(1, 2) },
};
const remediation = { remediation: fc.tuple(run, prompt).map(([of, at]) => `${of}/${at}`), run, story, prompt };
const holding = one({ stage: "execute" as const, holder: "agent:a/b" }, { stage: "package" as const, holder: "app" });
const summary: EntryBody<"source.verified">["summary"] = {
  verifier: { id: "https://github.com/apps/sallyport", version: {} },
  ...{ timeVerified: "2026-11-21T10:00:00.000Z", resourceUri: "git+https://github.com/acme/web" },
  policy: { uri: "git+https://github.com/acme/web" },
  ...{ inputAttestations: [], verificationResult: "FAILED", verifiedLevels: ["FAILED"], slsaVersion: "1.2" },
};
const written = fc.array(fc.record({ path: one("web/a.ts", "web/b.ts"), blob: fc.option(one(...blobs)) }), {
  maxLength: 2,
});
const rework = { type: one("rework" as const), pull, head: sha };
const merge = { type: one("merge" as const), pull, merged: sha, by: fc.option(account) };

/** A body of every kind; a new kind has no test until it has a row here. */
const bodies: { [K in EntryKind]: fc.Arbitrary<EntryBody<K>> } = {
  command: fc.record({
    ...{ issue: fc.oneof(story, prompt, pull), source, accepted: fc.boolean(), code: one("c"), message: one("m") },
    command: one("plan", "refine", "rework", "block", "clarify", "take-over", "run"),
    text: one("", "text"),
  }),
  "plan.proposed": fc.record(
    {
      ...{ story, revision, requestedBy: account, request: source, plan: fc.constant(samplePlan), usage },
      ...{ planSha256: sha256, issueSha256: sha256 },
      prompts: fc.array(fc.record({ issue: prompt, by: account, sha256 }), { minLength: 1, maxLength: 2 }),
    },
    { requiredKeys: ["story", "revision", "requestedBy", "request", "plan", "usage", "planSha256", "issueSha256"] },
  ),
  "plan.failed": fc.record({ story, request: source, code: one("c"), message: one("m") }),
  "approval.granted": fc.record({
    ...{ story, revision, digest: sha256, comment: one(1), solo: fc.boolean() },
    parts: fc.record({ plan: sha256, issue: sha256, base: sha, paths: fc.constant(["web/**"]), policy: sha }),
  }),
  "contract.frozen": fc.record({
    ...{ story, revision, digest: sha256, risk: one("low" as const, "high" as const), manualTest: fc.constant(null) },
    prompts: fc.constant(
      [1, 2].map((index) => ({
        ...{ index, title: `Step ${index}`, text: "Do it.", role: "web", paths: ["web/**"], acceptance: ["done"] },
        ...{ evidence: [], dependsOn: index === 1 ? [] : [1] },
      })),
    ),
  }),
  "prompt.opened": fc.record({ story, revision, index: one(1, 2), issue: prompt }),
  "run.submitted": fc.record({
    ...{ run, story, mode: one("independent" as const), by: account, digest: sha256 },
    prompts: fc.uniqueArray(prompt, { minLength: 1, maxLength: 2 }),
  }),
  "prompt.recorded": fc.record({ ...step, base: sha, branch, pack: ref }),
  "response.recorded": fc.record({
    ...{ ...step, result: ref, outcome: one("finished" as const, "stopped" as const), code: one("finished") },
    ...{ files, usage, seconds: one(1) },
  }),
  "attempt.closed": fc.record({ ...step, accepted: fc.boolean(), reasons: fc.constant([]) }),
  "evidence.captured": fc.record({
    ...{ ...step, base: sha, promptSha256: sha256, responseSha256: sha256, files, role: one("web"), usage },
    seconds: one(1),
  }),
  "change.committed": fc.record(
    { ...step, branch, commit: sha, tree, parent: sha, files: written },
    { requiredKeys: ["run", "story", "prompt", "attempt", "branch", "commit", "tree", "parent"] },
  ),
  "pull.opened": fc.record({ run, story, prompt, pull, branch, head: sha }),
  "verdict.given": fc.record({
    ...{ pull, head: sha, base: sha, baseRef, conclusion, verdictSha256: sha256, shared: maybe(conclusion) },
    gates: one({ scope: "pass" as const }, { scope: "fail" as const, tests: "pass" as const }),
    ...{ size: maybe(one({ files: 1, lines: 9 })), policy: one(null, { ref: id("1"), blob: id("6") }) },
  }),
  "group.judged": fc.record({
    ...{ headRef: one("refs/heads/gh-readonly-queue/main/pr-11-x"), head: sha, base: sha, conclusion },
    ...{ members: fc.array(fc.record({ pull, head: fc.option(sha) }), { maxLength: 2 }), verdictSha256: sha256 },
  }),
  "sign-off.given": fc.record({
    ...{ ...act, sha, test: one("manual"), result: one("pass" as const, "fail" as const), environment: one("") },
    ...{ notes: one(""), solo: fc.boolean() },
  }),
  "waiver.given": fc.record({ ...act, sha, gate: one("tests", "scope"), until: one("2026-12-01"), reason: one("r") }),
  "change.adopted": fc
    .record({
      ...{ ...act, head: sha, commits: fc.uniqueArray(sha, { minLength: 1, maxLength: 2 }), reason: one("r") },
      plan: maybe(fc.record({ story, digest: sha256 })),
    })
    .map(({ plan, ...body }) => ({ ...body, ...plan })),
  "adoption.sealed": fc.record({
    ...{ pull, commit: sha, tree, ci: one("pass" as const), checks: fc.constant([]), verdictSha256: sha256 },
    adopted: sha256,
  }),
  "evidence.sealed": fc.record({
    ...{ ...step, pull, commit: sha, tree, ci: one("pass" as const), checks: fc.constant([]) },
    ...{ validator: one("pass" as const), verdictSha256: sha256, captured: sha256 },
  }),
  "merge.observed": fc.record({ pull, head: sha, merged: sha, tree, judged: fc.boolean(), by: fc.option(account) }),
  "source.verified": fc.record({ pull, head: sha, merged: sha, ref: branches, summary: fc.constant(summary) }),
  "pull.closed": fc.record({ pull, head: sha }),
  "prompt.completed": fc.record({ story, prompt, pull, merged: sha }),
  "run.closed": fc.record({ run, story, status: one("succeeded" as const, "failed" as const), reason: one("r") }),
  "story.completed": fc.record({ story, prompts: fc.constant([]), pulls: fc.constant([]) }),
  "epic.completed": fc.record({ epic: one(1), stories: fc.constant([2]) }),
  "review.observed": fc.record({
    ...{ pull, sha, baseRef: one("main"), review: one(1, 2), by: account, at: one("2026-11-21T09:00:00Z") },
    state: one("approved" as const, "dismissed" as const),
  }),
  "remediation.opened": fc.record({
    ...{ ...remediation, after: fc.option(attempt), origin: one("attempt" as const) },
    signature: fc.record({ codes: fc.constant(["c"]), sha256 }),
    reasons: fc.constant([{ source: "s", code: "c", message: "m" }]),
  }),
  "remediation.closed": fc.record({
    ...{ ...remediation, status: one("open" as const, "fixed" as const) },
    by: fc.record({ type: one("run" as const), reason: one("r") }),
  }),
  "rework.opened": fc.record({
    ...{ run, story, prompt, pull: maybe(pull), head: sha, round: one(1, 2), by: fc.option(account), report: ref },
    ...{ causes: fc.constant<["gates"]>(["gates"]), signature: sha256, reviewers: fc.constant([]) },
    ...{ reviews: fc.constant([]), threads: fc.constant([]), comments: fc.constant([]) },
  }),
  "advice.asked": fc.record({ ...step, base: sha, head: sha, pack: ref }),
  "advice.given": fc.record({
    ...{ ...step, head: sha, advice: ref, outcome: one("given" as const), code: one("c") },
    findings: fc.constant([]),
  }),
  "verification.recorded": fc.record({
    ...{ ...step, result: sha256, commands: fc.constant([]), evidence: fc.constant([]) },
  }),
  "concern.raised": fc.oneof(
    fc.record({
      ...{ concern, story: fc.option(story), pull: fc.option(pull), prompt: fc.option(prompt), message: one("why?") },
      ...{ code: one("open-question", "blocked"), raisedBy: one("agent" as const, "person" as const), about: source },
    }),
    fc.record({
      ...{ concern, story: fc.option(story), pull: fc.option(pull), prompt: fc.option(prompt), message: one("m") },
      ...{ code: one("merged-past-check", "same-failure"), raisedBy: one("app" as const) },
      about: fc.oneof(fc.record(rework), fc.record(merge)),
    }),
  ),
  "concern.answered": fc.record({
    ...{ concern, story: fc.option(story), pull: fc.option(pull), source, text: one("", "so") },
  }),
  "checkpoint.recorded": fc.record({ checkpoint, ...step, branch, base: sha, head: fc.option(sha) }),
  "rollback.decided": fc.record(rollback),
  "rollback.done": fc.record({ ...rollback, closed: fc.constant([]) }),
  "rollback.failed": fc.record({ ...rollback, code: one("c"), message: one("m") }),
  "handoff.made": fc.record({ story, prompt, from: holding, to: holding, carries: sha }),
  "payload.purged": fc.record({
    ...{ digests: fc.array(fc.record({ sha256, bytes: one(4) }), { minLength: 1, maxLength: 2 }), policy: sha },
    ...{ reason: one("retention" as const), days: one(30) },
  }),
  "incident.raised": fc.record({
    code: one("check-not-required", "check-required-again", "evidence-rewritten"),
    ...{ message: one("m"), issue: fc.option(pull) },
  }),
};

type Piece = Pick<TypedEntry, "kind" | "body" | "actor">;
const actor = account.map(({ id: number, login }) => ({ type: "user" as const, id: number, login }));
const kinds = Object.keys(bodies) as EntryKind[];
// The table ties a body to its kind; TypeScript cannot follow a lookup by a union key.
const noise = fc
  .constantFrom(...kinds)
  .chain((kind) => fc.record({ kind: fc.constant(kind), body: bodies[kind], actor })) as fc.Arbitrary<Piece>;

/** Whole stories as the service records them: one that was merged, one that went back to a checkpoint. */
const told: readonly (readonly TypedEntry[])[] = [
  mergedStory(
    { base: id("5"), head: id("1"), tree: id("a"), merged: id("4"), mergedTree: id("c") },
    { upTo: "sealed" },
  ),
  mergedStory(
    { base: id("5"), head: id("1"), tree: id("a"), merged: id("4"), mergedTree: id("c") },
    { upTo: "merged" },
  ),
  begin().entries,
];

/** A story under other numbers: ten more of each, runs of that name, commits of its own, and a digest that others name. */
function moved(entries: readonly TypedEntry[], by: number): Piece[] {
  const digest = entries.find((entry) => entry.kind === "contract.frozen")?.body.digest ?? "";
  const own = new Map([
    [digest, sha256s[0]],
    [id("1"), shas[by / 10]],
    [id("a"), trees[by / 10]],
  ]);
  const text = JSON.stringify(entries, (key, value: unknown) => {
    if (typeof value === "number" && ["story", "prompt", "pull", "issue"].includes(key)) return value + by;
    if (key === "prompts" && Array.isArray(value) && typeof value[0] === "number") return value.map((at) => at + by);
    return typeof value === "string" ? (own.get(value) ?? value.replace(/run-2-/g, `run-${2 + by}-`)) : value;
  });
  const pieces: Piece[] = JSON.parse(text);
  return pieces;
}
const tale = fc.tuple(fc.constantFrom(...told), one(0, 0, 10, 20)).map(([entries, by]) => moved(entries, by));

/** Puts pieces into a list, each at a place that a number tells; their own order stays. */
const woven = (tales: readonly Piece[][], single: readonly (readonly [Piece, number])[]): Piece[] => {
  const all = tales.flat();
  for (const [piece, place] of single) all.splice(Math.floor(place * (all.length + 1)), 0, piece);
  return all;
};

/** A ledger of whole stories with entries of any kind among them, most of which make no sense there. */
export const anyLedger: fc.Arbitrary<TypedEntry[]> = fc
  .tuple(
    fc.array(tale, { minLength: 1, maxLength: 3 }),
    fc.array(fc.tuple(noise, fc.double({ min: 0, max: 0.99, noNaN: true })), { maxLength: 30 }),
  )
  .map(([tales, single]) =>
    woven(tales, single).map((piece, index) => {
      const at = new Date(Date.UTC(2026, 10, 21, 8) + index * 1_000).toISOString();
      return { ...piece, seq: index + 1, hash: (index + 1).toString(16).padStart(64, "0"), at } as TypedEntry;
    }),
  );

/** What is under keys in a ledger, and all that belongs to it: what the store reads, by the shortest way to say it. */
export function foundIn(entries: readonly TypedEntry[], keys: readonly string[]): TypedEntry[] {
  const known = new Set(keys);
  const isIn = (entry: TypedEntry) => foundBy(entry).some((key) => known.has(key));
  for (let before = -1; before < known.size; ) {
    before = known.size;
    for (const entry of entries) if (isIn(entry)) for (const key of leadsTo(entry)) known.add(key);
  }
  return entries.filter(isIn);
}
