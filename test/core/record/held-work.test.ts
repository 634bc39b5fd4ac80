import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Draft, entriesOf, type TypedEntry, withDrafts } from "../../../core/entries.ts";
import type { CommitFact, PullFacts } from "../../../core/facts.ts";
import { judgeGroup } from "../../../core/group/judge.ts";
import { known, unknown } from "../../../core/known.ts";
import { recordOf } from "../../../core/record/pull.ts";
import { judge } from "../../../core/verdict/judge.ts";
import type { EntryBody } from "../../../schemas/entries.ts";
import { change, facts } from "../../builders/pull-facts.ts";
import { begin, persons } from "../../builders/story.ts";

const id = (letter: string) => letter.repeat(40);
const [base, first, second, undone, tip] = [id("b"), id("1"), id("2"), id("3"), id("9")];
const trees = { [first]: id("a"), [second]: id("c"), [undone]: id("e"), [tip]: id("f") };
const files = [{ path: "web/step-1/a.ts", blob: id("7") }];
const policy = `version: 1
people: { executors: ["@max"], approvers: ["@quinn"] }
roles: { web: { allow: ["web/**"] } }
gates:
  trace: { of: agents }
  manual-test: { when: { risk: [high] } }
`;
const max = { id: 30, login: "max", type: "User" } as const;
const app = { type: "app", id: 99, login: "sallyport[bot]" } as const;

/** The ledger of `run-2-1` on prompt #3, of high risk: three commits, the last one rolled back, and pull request #11. */
function ledger(): TypedEntry[] {
  const story = begin();
  let parent = base;
  for (const commit of [first, second, undone]) {
    if (commit !== first) for (const command of ["/stop", "/run"]) story.say("lena", command);
    story.answer();
    const result = { type: "commit" as const, commit, tree: trees[commit] ?? "", parent, files };
    story.finish("write-change", { status: "done", result });
    if (commit === first) story.finish("open-pull", { status: "done", result: { type: "pull", number: 11 } });
    parent = commit;
  }
  const before = entriesOf(story.entries, "checkpoint.recorded").at(-1)?.body.checkpoint;
  story.say("lena", `/rollback ${before}`);
  story.finish("roll-back", { status: "done", result: { type: "rolled-back", closed: [] } });
  return story.entries;
}
const entries = ledger();

const withActs = (drafts: Omit<Draft, "subject">[]): TypedEntry[] =>
  withDrafts(
    entries,
    drafts.map((draft) => ({ ...draft, subject: [] }) as Draft),
    "2026-11-21T11:00:00.000Z",
  );
const signOff = (pull: number, sha: string, actor = persons.quinn): Omit<Draft, "subject"> => ({
  kind: "sign-off.given",
  actor: { type: "user", id: actor.id, login: actor.login },
  body: {
    ...{ pull, baseRef: "main", comment: 1, sha, test: "manual", result: "pass" },
    ...{ environment: "", notes: "", solo: false },
  },
});
const adoption = (pull: number, head: string, commits: string[]): Omit<Draft, "subject"> => ({
  kind: "change.adopted",
  actor: { type: "user", id: max.id, login: max.login },
  body: { pull, head, baseRef: "main", commits, reason: "I read it", comment: 2 },
});

const commit = (sha: string, parent: string, tree = trees[sha] ?? id("0")): CommitFact => ({
  ...{ sha, parents: [parent], tree, message: "Work" },
});
type Look = { pull?: number; commits: CommitFact[]; ledger?: TypedEntry[]; over?: Partial<PullFacts> };
const [{ path }] = files as [(typeof files)[0]];

function factsOf({ pull = 12, commits, ledger: from = entries, over = {} }: Look): PullFacts {
  const given = {
    ...facts({ policy, changes: [change(path)] }),
    head: { sha: commits.at(-1)?.sha ?? "" },
    commits: known(commits),
    pull: { number: pull, author: max, title: "Mine", body: "", labels: [] },
    ...over,
  };
  return { ...given, record: recordOf(from, pull, given) };
}

function look(given: Look) {
  const { conclusion, gates } = judge(factsOf(given), { settle: "all" });
  const blocking = gates.filter(({ status }) => status !== "pass" && status !== "not-applicable");
  return { conclusion, gates: blocking.map(({ gate, status }) => `${gate} ${status}`), blocking };
}

const own = [commit(first, base), commit(second, first)];
const empty = [...own, commit(tip, second, trees[second])];

describe("H1: a change is what its commits are", () => {
  test("a run's commits and an empty one, opened by somebody else, lack what the run's own pull request lacks", () => {
    expect(look({ pull: 11, commits: own }).gates).toEqual(["manual-test pending"]);
    const { conclusion, gates, blocking } = look({ commits: empty });
    expect([conclusion, gates]).toEqual(["failure", ["trace fail", "evidence fail", "manual-test pending"]]);
    const [reason] = blocking.find(({ gate }) => gate === "trace")?.reasons ?? [];
    expect(reason?.message).toContain("this pull request holds work of run-2-1 (#11)");
    expect(reason?.next?.step).toContain("Go on with #11 instead");
  });

  test("the run's exact head under another number is judged by the run's contract, after its own was closed as well", () => {
    const closed = withActs([{ kind: "pull.closed", actor: app, body: { pull: 11, head: second } }]);
    for (const from of [entries, closed])
      expect(look({ commits: own, ledger: from }).gates).toEqual(["manual-test pending"]);
    expect(look({ commits: own, ledger: withActs([signOff(11, second)]) }).conclusion).toBe("success");
  });

  const copy = (tree: string) => [commit(tip, base, tree)];
  const cherry = known([change(path, { after: { mode: "100644", sha: id("7") } }), change("web/step-1/b.ts")]);
  test.each<[string, Look]>([
    ["an amended or squashed commit, by its tree", { commits: copy(id("c")) }],
    ["an earlier state of it below another commit", { commits: [commit(id("8"), base, id("a")), ...copy(id("0"))] }],
    ["a cherry-pick onto another base, by the files it wrote", { commits: copy(id("0")), over: { changes: cherry } }],
    ["a commit that a rollback took off", { commits: [...own, commit(undone, second)] }],
  ])("%s is the run's, and nobody's evidence", (_, given) => {
    expect(look(given).gates).toEqual(["trace fail", "evidence fail", "manual-test pending"]);
  });

  test("whoever asked for the run or opened the pull request does not sign it off there", () => {
    for (const [actor, author] of [
      [persons.lena, max],
      [persons.quinn, { id: persons.quinn.id, login: "quinn", type: "User" as const }],
    ] as const) {
      const over = { pull: { number: 12, author, title: "", body: "", labels: [] } };
      const signed = withActs([signOff(12, second, { ...persons.quinn, ...actor })]);
      expect(look({ commits: own, ledger: signed, over }).gates).toEqual(["manual-test pending"]);
    }
  });

  test("a block on the run's own pull request holds for its commits elsewhere", () => {
    const blocked = withActs([
      {
        kind: "concern.raised",
        actor: { type: "user", id: 2, login: "quinn" },
        body: {
          ...{ concern: "c-1", story: 2, pull: 11, prompt: 3, code: "blocked", message: "Not so." },
          ...{ raisedBy: "person", about: { type: "comment", id: 3 } },
        },
      },
    ]);
    expect(look({ commits: own, ledger: blocked }).gates).toContain("stop pending");
  });

  test("a commit of another prompt is not adopted away: its contract is another one", () => {
    const written = entries.findLast((entry) => entry.kind === "change.committed");
    if (written?.kind !== "change.committed") throw new Error("nothing was written");
    const other = { ...written.body, prompt: 4, commit: tip, tree: trees[tip] ?? "", branch: "sallyport/run-2-1/4" };
    const two = withActs([
      { kind: "change.committed", actor: app, body: other },
      adoption(11, tip, [tip]),
      signOff(11, tip),
    ]);
    const { gates, blocking } = look({ pull: 11, commits: [...own, commit(tip, second)], ledger: two });
    expect(gates).toEqual(["trace fail"]);
    expect(blocking[0]?.reasons[0]).toMatchObject({ code: "other-run", message: expect.stringContaining("prompt #4") });
  });

  test("once merged into this or the default branch it is the branch's: a revert or a release is a person's own", () => {
    const merge = (ref: string) => {
      const body = { pull: 11, head: second, merged: id("d") };
      const summary = {} as EntryBody<"source.verified">["summary"];
      return withActs([
        { kind: "merge.observed", actor: app, body: { ...body, tree: id("c"), judged: true, by: null } },
        { kind: "source.verified", actor: app, body: { ...body, ref: `refs/heads/${ref}`, summary } },
      ]);
    };
    const reverted = [commit(tip, second, id("a"))];
    const release = { base: { ref: "release", sha: base } };
    expect(look({ commits: reverted, ledger: merge("main") }).conclusion).toBe("success");
    expect(look({ commits: empty, ledger: merge("main"), over: release }).conclusion).toBe("success");
    expect(look({ commits: own, ledger: merge("scratch") }).conclusion).toBe("pending");
    const back = [commit(undone, base)];
    expect(look({ commits: back, ledger: merge("main") }).gates).toContain("trace fail");
  });

  test("is unknown while the commits are unread, or the run's pull request is not recorded yet", () => {
    const early = entries.slice(0, entries.findIndex(({ kind }) => kind === "change.committed") + 1);
    for (const record of [
      recordOf(entries, 12, { ...facts(), commits: unknown("HTTP 502") }),
      recordOf(early, 12, { ...facts(), commits: known(own) }),
    ])
      expect(record.known).toBe(false);
  });

  test("a merge group with a member that holds a run's commits is no greener than that member", () => {
    const member = factsOf({ commits: empty });
    const one = { number: 12, commit: id("6"), head: tip, foreign: null, facts: known(member) };
    const group = { ref: "refs/heads/q", tree: member, members: [one], strays: [], below: null };
    expect(judgeGroup(group).conclusion).toBe("failure");
  });

  const pool = [
    ...[commit(first, base), commit(second, first), commit(undone, second)],
    ...[first, second, undone].map((of, index) => commit(`${index}`.repeat(39).concat("f"), base, trees[of])),
    ...["4", "5"].map((letter) => commit(id(letter), base)),
  ];
  test("no arrangement of recorded and other commits is green where the run's own pull request would not be", () => {
    const acts = fc.record({ pull: fc.constantFrom(11, 12), signs: fc.boolean(), adopts: fc.boolean() });
    fc.assert(
      fc.property(fc.shuffledSubarray(pool, { minLength: 1 }), fc.array(acts, { maxLength: 3 }), (commits, given) => {
        const head = commits.at(-1)?.sha ?? "";
        const drafts = given.flatMap(({ pull, signs, adopts }) => [
          ...(signs ? [signOff(pull, head)] : []),
          ...(adopts
            ? [
                adoption(
                  pull,
                  head,
                  commits.map(({ sha }) => sha).filter((sha) => sha > id("3")),
                ),
              ]
            : []),
        ]);
        const from = withActs(drafts);
        const theirs = look({ commits, ledger: from });
        const holds = commits.some(({ tree }) => Object.values(trees).includes(tree));
        if (!holds) return;
        const runs = look({ pull: 11, commits, ledger: from });
        expect([theirs.conclusion, theirs.gates]).toEqual([runs.conclusion, runs.gates]);
        if (!given.some(({ signs }) => signs)) expect(theirs.conclusion).not.toBe("success");
      }),
      { numRuns: 300 },
    );
  });
});

test("T131: a closing keyword in a pull request's text borrows no run, story or scope", () => {
  const pull = { number: 99, author: max, title: "Fixes #3", body: "Closes #2, resolves #3.", labels: [] };
  const commits = known([{ sha: tip, parents: [base], tree: id("8"), message: "Fixes #3" }]);
  const given: PullFacts = { ...facts(), pull, head: { sha: tip }, commits };
  expect(recordOf(ledger(), 99, given)).toMatchObject({ known: true, value: { run: null, evidence: [] } });
});
