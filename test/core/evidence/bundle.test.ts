import { describe, expect, test } from "@jest/globals";
import { bundleMarkdown } from "../../../app/cli/ledger/bundle-text.ts";
import type { TypedEntry } from "../../../core/entries.ts";
import { assembleBundle, type BundleSource } from "../../../core/evidence/bundle.ts";
import { tracePull } from "../../../core/evidence/trace.ts";
import { summariseMerge } from "../../../core/evidence/vsa.ts";
import { EvidenceBundle } from "../../../schemas/evidence.ts";
import { casefileRun } from "../../builders/casefile-story.ts";
import { mergedStory, type Reached } from "../../builders/merged-story.ts";
import { digest, verifiedStory } from "../../builders/verified-story.ts";

const head = "d".repeat(40);
const merged = "e".repeat(40);
const tree = "f".repeat(40);
const lena = { id: 1, login: "lena", type: "User" as const };
const source: BundleSource = { repository: "acme/web", body: () => null };

/** A story whose first prompt became #11 in its second attempt. */
const road = (upTo: Reached["upTo"], mergedTree = tree) =>
  mergedStory({ base: "b".repeat(40), head, tree, merged, mergedTree }, { upTo });

const bundleOf = (entries: readonly TypedEntry[], from = source) =>
  EvidenceBundle.parse(assembleBundle(entries, 11, from));
const kindsOf = ({ entries }: EvidenceBundle) => entries.map(({ kind }) => kind);
const hashOf = (entries: readonly TypedEntry[], kind: string) => entries.findLast((entry) => entry.kind === kind)?.hash;

describe("a bundle", () => {
  test("tells the casefiles apart from the agent's files, and none where none were written", () => {
    const { entries } = casefileRun();
    const { files, casefiles } = bundleOf(entries);
    expect(files.map(({ path }) => path)).toEqual(["web/step-1/a.ts"]);
    expect(casefiles?.map(({ name, path }) => [name, path])).toEqual([
      ["plan", "tasks/2/PLAN.md"],
      ["log", "tasks/2/EXEC_LOG.md"],
    ]);
    expect(bundleOf(road("captured"))).not.toHaveProperty("casefiles");
  });

  test("G2: lists for an auditor what ran on its answer and how that ended, what it cost and who worked", () => {
    const price = { input: 1, output: 1 };
    const { entries } = verifiedStory("tests", ["npm test"], {
      ...{ model: "m", prices: { currency: "USD", models: { m: price } } },
    });
    const bundle = bundleOf(entries);
    expect(bundle.verification).toMatchObject([
      { argv: ["npm", "ci"], exit: 0, seconds: 5, output: "3".repeat(64) },
      { argv: ["npm", "test"], exit: 0, seconds: 3, output: digest },
    ]);
    expect(bundle.cost).toEqual({ micros: 2, currency: "USD", price });
    expect(kindsOf(bundle)).toContain("verification.recorded");
    expect(bundleMarkdown(bundle)).toContain(`| \`npm test\` | succeeded after 3 s; what it printed: \`${digest}\` |`);
    expect(bundleMarkdown(bundle)).toContain("| Cost | USD 0.01 |");
    expect(tracePull(entries, 11).links.find(({ link }) => link === "commands")?.text).toBe(
      `\`npm ci\` succeeded after 5 s, its output ${"3".repeat(64)}; \`npm test\` succeeded after 3 s, its output ${digest}`,
    );
    for (const field of ["verification", "cost", "tool", "actions"])
      expect(bundleOf(road("captured"))).not.toHaveProperty(field);
  });

  test("on a GitHub Enterprise of one's own leads to the pull request there, as the summary of a merge names it", () => {
    const web = "https://ghe.acme.dev";
    const entries = road("merged");
    const [first] = entries;
    if (first === undefined) throw new Error("there is no entry");
    const merge = { pull: 11, head, merged };
    const summariser = { page: `${web}/github-apps/sallyport`, repository: "acme/web", now: first.at };
    const summary = summariseMerge(entries, { ...merge, branch: "main" }, summariser);
    entries.push({ ...first, kind: "source.verified", body: { ...merge, ref: "refs/heads/main", summary } });
    expect(bundleOf(entries).pullUrl).toBe(`${web}/acme/web/pull/11`);
    expect(bundleOf(road("captured")).pullUrl).toBe("https://github.com/acme/web/pull/11");
  });

  test("once captured names the attempt, its prompt, answer, model and commit, and nothing that is not known yet", () => {
    const entries = road("captured");
    const captured = entries.find((entry) => entry.kind === "evidence.captured");
    const bundle = bundleOf(entries);
    expect(bundle).toMatchObject({
      state: "captured",
      bundle: captured?.hash,
      run: "run-2-1",
      attempt: { r: 0, s: 1 },
      role: "web",
      story: 2,
      prompt: 3,
      usage: { model: "m", calls: 1 },
      seconds: 1,
      commit: head,
      tree,
      pullUrl: "https://github.com/acme/web/pull/11",
      files: [{ path: "web/step-1/a.ts", sha256: expect.any(String) }],
      ci: null,
      checks: null,
      validator: null,
      verdictSha256: null,
      merge: null,
    });
    expect(kindsOf(bundle)).toEqual([
      "prompt.recorded",
      "response.recorded",
      "evidence.captured",
      "change.committed",
      "pull.opened",
    ]);
  });

  test("names every entry it was assembled from, by its place and its hash", () => {
    const entries = road("merged");
    for (const { seq, kind, sha256 } of bundleOf(entries).entries)
      expect(entries[seq - 1]).toMatchObject({ seq, kind, hash: sha256 });
  });

  test("once sealed has the checks and the verdict, and another name", () => {
    const entries = road("sealed");
    expect(bundleOf(entries)).toMatchObject({
      state: "sealed",
      bundle: hashOf(entries, "evidence.sealed"),
      ci: "pass",
      checks: [{ name: "test", app: "github-actions", conclusion: "success" }],
      validator: "pass",
      verdictSha256: "7".repeat(64),
    });
  });

  test("once merged has the merged commit, and whether its tree is the judged one", () => {
    expect(bundleOf(road("merged")).merge).toMatchObject({
      commit: merged,
      tree,
      judged: true,
      by: lena,
      change: "same-tree",
      patchIds: null,
    });
    expect(bundleOf(road("merged", "9".repeat(40))).merge).toMatchObject({ change: "not-compared" });
  });

  test("holds the words themselves where their bodies are kept, found by digest", () => {
    const asked: string[] = [];
    const body = (sha256: string) => {
      asked.push(sha256);
      return `body of ${sha256}`;
    };
    const bundle = bundleOf(road("sealed"), { ...source, body });
    expect(bundle.rawPrompt).toBe(`body of ${bundle.promptSha256}`);
    expect(bundle.rawResponse).toBe(`body of ${bundle.responseSha256}`);
    expect(asked.sort()).toEqual([bundle.promptSha256, bundle.responseSha256].sort());
  });
});

describe("there is none", () => {
  const assembled = (entries: readonly TypedEntry[], pull = 11) => assembleBundle(entries, pull, source);
  const changed = (kind: string, change: object) =>
    road("merged").map(
      (entry): TypedEntry =>
        // A body with one field of the same type changed is a body of its kind still.
        entry.kind === kind ? ({ ...entry, body: { ...entry.body, ...change } } as TypedEntry) : entry,
    );

  test("of a pull request that no run made", () => {
    expect(assembled(road("merged"), 12)).toBeNull();
  });

  test.each(["prompt.recorded", "response.recorded", "evidence.captured", "change.committed", "pull.opened"])(
    "without %s",
    (kind) => {
      expect(assembled(road("merged").filter((entry) => entry.kind !== kind))).toBeNull();
    },
  );

  test.each(["prompt.recorded", "response.recorded", "evidence.captured"])(
    "where %s comes after what rests on it",
    (kind) => {
      const late = road("merged").map((entry) => (entry.kind === kind ? { ...entry, seq: 1_000 + entry.seq } : entry));
      expect(assembled(late.toSorted((one, other) => one.seq - other.seq))).toBeNull();
    },
  );

  test("T141: of a merged head that no recorded answer became", () => {
    expect(assembled(changed("merge.observed", { head: "9".repeat(40) }))).toBeNull();
  });

  test.each([{ promptSha256: "9".repeat(64) }, { responseSha256: "9".repeat(64) }])(
    "T152: of evidence that names what was not recorded: %j",
    (change) => {
      expect(assembled(changed("evidence.captured", change))).toBeNull();
    },
  );
});

test.each<[string, object]>([
  ["another capture", { captured: "9".repeat(64) }],
  ["another commit", { commit: "9".repeat(40) }],
  ["another pull request", { pull: 12 }],
])("T152: a seal of %s leaves the bundle captured", (_, change) => {
  const entries = road("sealed").map(
    (entry): TypedEntry =>
      entry.kind === "evidence.sealed" ? { ...entry, body: { ...entry.body, ...change } } : entry,
  );
  expect(bundleOf(entries)).toMatchObject({ state: "captured", ci: null, verdictSha256: null });
});
