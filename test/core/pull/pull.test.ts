import { describe, expect, test } from "@jest/globals";
import { entriesOf, type TypedEntry } from "../../../core/entries.ts";
import type { CommandRequest } from "../../../core/facts.ts";
import { known, unknown } from "../../../core/known.ts";
import type { PullSnapshot } from "../../../core/pull/facts.ts";
import { decidePull } from "../../../core/pull/pull.ts";
import { recordOf } from "../../../core/record/pull.ts";
import { judgeWhole } from "../../../core/verdict/judged.ts";
import { entryBodies } from "../../../schemas/entries.ts";
import type { Duty } from "../../../schemas/policy-values.ts";
import { pullContext, recorded, round, say } from "../../builders/pull-context.ts";
import { base, change, earlier, facts, head } from "../../builders/pull-facts.ts";

const gates = 'version: 1\npeople: { approvers: ["@quinn"] }\ngates: { manual-test: { when: { always: true } } }\n';

/** An open pull request by a person, with overrides. */
function pullOf(overrides: Partial<PullSnapshot> = {}, text = "version: 1\n"): PullSnapshot {
  const judged = facts({ policy: text, changes: [change("web/a.ts")] });
  return pullContext(judged, { number: 5, ...overrides });
}

const checkOf = (given: PullSnapshot) => {
  const effect = decidePull(given).effects.find((one) => one.type === "ensure-check");
  return effect?.type === "ensure-check"
    ? { sha: effect.sha, status: effect.status, conclusion: effect.conclusion }
    : null;
};

const verdictOf = (pull: number, conclusion: "success" | "failure"): TypedEntry => ({
  seq: 1,
  hash: "1".repeat(64),
  at: "2026-11-21T09:00:00.000Z",
  actor: { type: "app", id: 99, login: "sallyport[bot]" },
  kind: "verdict.given",
  body: { pull, head, base: earlier, conclusion, gates: {}, verdictSha256: "2".repeat(64) },
});

describe("the check", () => {
  test("is written to the judged commit alone, and ends with the verdict", () => {
    expect(checkOf(pullOf())).toEqual({ sha: head, status: "completed", conclusion: "success" });
  });

  test.each([
    ["fails with it", [verdictOf(6, "failure")], known([6]), "completed", "failure"],
    ["waits for it while it was not judged", [], known([6]), "in_progress", null],
    ["waits while it is not known whether there is one", [], unknown("GitHub did not answer"), "in_progress", null],
    ["succeeds with it", [verdictOf(6, "success")], known([6]), "completed", "success"],
  ] as const)(
    "T065: shared with another pull request on the same commit, it %s",
    (_, entries, sameHeadPulls, status, conclusion) => {
      expect(checkOf(pullOf({ entries: [...entries], sameHeadPulls }))).toMatchObject({ status, conclusion });
    },
  );

  const secret = { rule: "token", commit: null, path: null, line: null };
  const inText = known([{ ...secret, where: "description" as const }]);
  const withText = (secrets: PullSnapshot["judged"]["secrets"], entries: TypedEntry[] = []) => {
    const given = pullOf({ entries, sameHeadPulls: known([6]) }, "version: 1\ngates: { secrets: {} }\n");
    return { ...given, judged: { ...given.judged, secrets } };
  };

  test("H8: the text of another pull request on the commit does not turn this one red, nor does its own look", () => {
    const red = verdictOf(6, "failure");
    const byText = { ...red, body: { ...red.body, shared: "success" } } as TypedEntry;
    expect(checkOf(pullOf({ entries: [byText], sameHeadPulls: known([6]) }))).toMatchObject({ conclusion: "success" });
    expect(checkOf(withText(inText, [verdictOf(6, "success")]))).toBeNull();
    const drafts = decidePull(withText(inText)).drafts.map(({ body }) => body);
    expect(drafts).toMatchObject([{ conclusion: "failure", shared: "success" }]);
  });

  test("H8: what the commit holds, and text alone on the commit, stay red, and the check names the other one", () => {
    const found = known([{ ...secret, where: "file" as const, path: "a", line: 1 }]);
    expect(checkOf(withText(found, [verdictOf(6, "success")]))).toMatchObject({ conclusion: "failure" });
    const alone = withText(inText);
    expect(checkOf({ ...alone, sameHeadPulls: known([]) })).toMatchObject({ conclusion: "failure" });
    const shared = decidePull(pullOf({ entries: [verdictOf(6, "failure")], sameHeadPulls: known([6]) }));
    expect(shared.effects).toContainEqual(expect.objectContaining({ title: "#6 with this commit is not green" }));
  });

  test.each([
    ["a branch that does not ask for it", ["check-not-required"], "main", true],
    ["a branch that asks for it again", ["check-not-required", "check-required-again"], "main", false],
    ["a branch that nobody watches", ["check-not-required"], "next", false],
  ] as const)("H13: for %s, check and comment say whether they are advisory", (_, codes, ref, isAdvisory) => {
    const entries = codes.map((code, at): TypedEntry => {
      const { hash, at: time, actor } = verdictOf(6, "success");
      return { seq: at + 1, hash, at: time, actor, kind: "incident.raised", body: { code, message: "m", issue: null } };
    });
    const given = pullOf({ entries });
    const { effects } = decidePull({ ...given, judged: { ...given.judged, base: { ...given.judged.base, ref } } });
    const texts = effects.flatMap((one) =>
      one.type === "ensure-check" ? [one.summary] : one.type === "ensure-sticky" ? [one.body] : [],
    );
    expect(texts.map((text) => text.includes("Advisory:"))).toEqual([isAdvisory, isAdvisory]);
  });

  describe("H8: a second pull request on the commit whose text lacks what the policy asks for", () => {
    const asks = (what: string) => `version: 1\ngates: { evidence: { require: [{ ${what} }] } }\n`;
    const attachments = known({
      headAt: "2026-11-21T09:00:00Z",
      textAt: "",
      artifacts: [],
      comments: [],
      schemaProblems: [],
    });
    const second = (what: string, over: Partial<PullSnapshot["judged"]> = {}) => {
      const given = pullOf({ sameHeadPulls: known([6]), entries: [verdictOf(6, "success")] }, asks(what));
      return { ...given, judged: { ...given.judged, attachments, ...over } };
    };

    test.each<[string, PullSnapshot, string]>([
      ["a section", second("sections: [Tested]"), "failure"],
      ["uploads", second("attachments: 1, by: [approvers]"), "pending"],
      [
        "uploads that were not read",
        second("attachments: 1, by: [approvers]", { attachments: unknown("500") }),
        "pending",
      ],
    ])("for want of %s holds only itself", (_, given, conclusion) => {
      const { drafts } = decidePull(given);
      expect(drafts).toMatchObject([{ kind: "verdict.given", body: { conclusion, shared: "success" } }]);
      expect(checkOf(given)).toBeNull();
    });

    test("for want of a file holds the other as well: that is the commit's", () => {
      const given = second("files: [docs/proof.md], sections: [Tested]");
      expect(checkOf(given)).toMatchObject({ conclusion: "failure" });
    });
  });

  test("waits while a gate crashes, and the decision hands the error to the host's log", () => {
    const error = new TypeError("lost");
    const given = pullOf({}, gates.replace("always: true", "labels: [ui]"));
    const pull = {
      number: 5,
      author: { id: 1, login: "lena", type: "User" as const },
      title: "",
      body: "",
      get labels(): never {
        throw error;
      },
    };
    const broken = { ...given, judged: { ...given.judged, pull } };
    expect(decidePull(broken).crashes).toEqual([{ gate: "manual-test", error }]);
    expect(checkOf(broken)).toMatchObject({ status: "in_progress", conclusion: null });
    expect(decidePull(given).crashes).toEqual([]);
  });
});

test("a pull request whose base has its head already is not judged: the merge is about to be told", () => {
  const { judged } = pullOf();
  const given = pullOf({ judged: { ...judged, mergeBase: known(judged.head.sha), changes: known([]) } });
  expect(decidePull(given)).toMatchObject({ drafts: [], effects: [], requeueAfter: 60 });
  const told = { commit: "e".repeat(40), tree: "f".repeat(40), by: null };
  const [merge] = decidePull({ ...given, state: "closed", merged: told }).drafts;
  expect(merge).toMatchObject({ kind: "merge.observed", body: { merged: told.commit } });
});

describe("a verdict that was given before", () => {
  const ciPolicy = 'version: 1\ngates: { ci: { checks: ["@github-actions/test"] } }\n';
  /** What decided once and was then carried out: the verdict in the ledger, the check as we wrote it. */
  const carriedOut = (given: PullSnapshot): PullSnapshot => {
    const { drafts, effects } = decidePull(given);
    const check = effects.find((one) => one.type === "ensure-check");
    if (check?.type !== "ensure-check") throw new Error("a check is written here");
    const written = drafts.map((draft, index): TypedEntry => {
      const seq = given.entries.length + index + 1;
      return { ...draft, seq, hash: `${seq}`.repeat(64).slice(0, 64), at: given.now };
    });
    const { verdictSha256: externalId, status, conclusion } = check;
    return {
      ...given,
      entries: [...given.entries, ...written],
      ourCheck: known({ externalId, status, conclusion }),
    };
  };
  const verdicts = (given: PullSnapshot) =>
    decidePull(given).drafts.flatMap((draft) => (draft.kind === "verdict.given" ? [draft.body] : []));
  const shownAs = (given: PullSnapshot, over: { status: string; conclusion: string | null }) =>
    given.ourCheck.known && given.ourCheck.value !== null
      ? { ...given, ourCheck: known({ ...given.ourCheck.value, ...over }) }
      : given;
  const withTest = (given: PullSnapshot, status: string, conclusion: string | null): PullSnapshot => {
    const test = { id: 1, suite: 1, name: "test", app: "github-actions", status, conclusion };
    return { ...given, judged: { ...given.judged, checks: known([test]) } };
  };

  test("T084: asked for again, however often, it is the same and nothing is written", () => {
    const given = carriedOut(pullOf());
    for (let times = 0; times < 10; times++) {
      expect(checkOf(given)).toBeNull();
      expect(verdicts(given)).toEqual([]);
    }
  });

  test("T084: where asking again reset the check, the same verdict is shown again and not recorded twice", () => {
    const given = shownAs(carriedOut(withTest(pullOf({}, ciPolicy), "completed", "failure")), {
      status: "queued",
      conclusion: null,
    });
    expect(checkOf(given)).toEqual({ sha: head, status: "completed", conclusion: "failure" });
    expect(verdicts(given)).toEqual([]);
  });

  test("T066 T067: for another base it is none for this one", () => {
    const before = carriedOut(pullOf());
    const base = { ref: "other", sha: "9".repeat(40) };
    const moved = { ...before, judged: { ...before.judged, base } };
    expect(verdicts(moved)).toMatchObject([{ head, base: base.sha }]);
    expect(checkOf(moved)).toEqual({ sha: head, status: "completed", conclusion: "success" });
    expect(checkOf(carriedOut(moved))).toBeNull();
  });

  test("T066 T068: for another branch at the same commit it is recorded for that one, once", () => {
    const before = carriedOut(pullOf());
    const base = { ...before.judged.base, ref: "other" };
    const moved = { ...before, judged: { ...before.judged, base } };
    expect(verdicts(moved)).toMatchObject([{ baseRef: "other" }]);
    expect(checkOf(moved)).toBeNull();
    const recorded = decidePull(moved).drafts.map(
      (draft): TypedEntry => ({ ...draft, seq: 9, hash: "9".repeat(64), at: moved.now }),
    );
    expect(verdicts({ ...moved, entries: [...moved.entries, ...recorded] })).toEqual([]);
  });

  test("T066: for another base where less was changed, its success goes", () => {
    const limited = "version: 1\ngates: { diff-size: { files: 1 } }\n";
    const before = carriedOut(pullOf({}, limited));
    const judged = {
      ...before.judged,
      base: { ref: "main", sha: "9".repeat(40) },
      changes: known([change("a"), change("b")]),
    };
    expect(checkOf({ ...before, judged })).toMatchObject({ status: "completed", conclusion: "failure" });
  });

  test("T071: of a head that comes back counts for nothing: it is judged again by what was said since", () => {
    const signOff = (result: "pass" | "fail") => say(`/sign-off ${head} ${result} manual`, "quinn", ["approvers"]);
    const green = carriedOut(pullOf({ commands: [signOff("pass")] }, gates));
    expect(green.ourCheck).toMatchObject({ value: { conclusion: "success" } });
    const between = { ...green, ourCheck: known(null), commands: [] };
    const red = carriedOut({ ...between, judged: { ...between.judged, head: { sha: "7".repeat(40) } } });
    const back = { ...red, judged: green.judged, ourCheck: green.ourCheck };
    expect(verdicts(back)).toMatchObject([{ head, conclusion: "success" }]);
    const revoked = { ...back, commands: [signOff("fail")] };
    expect(verdicts(revoked)).toMatchObject([{ head, conclusion: "failure" }]);
    expect(checkOf(revoked)).toEqual({ sha: head, status: "completed", conclusion: "failure" });
  });

  test("T079: on a check that was told late stays open, and the next look closes it", () => {
    const late = carriedOut(withTest(pullOf({}, ciPolicy), "in_progress", null));
    expect(late.ourCheck).toMatchObject({ value: { status: "in_progress", conclusion: null } });
    expect(checkOf(withTest(late, "completed", "success"))).toMatchObject({ conclusion: "success" });
  });

  test("T087: that GitHub marked stale while it was open is shown as open again", () => {
    const open = carriedOut(withTest(pullOf({}, ciPolicy), "in_progress", null));
    expect(checkOf(open)).toBeNull();
    const stale = shownAs(open, { status: "completed", conclusion: "stale" });
    expect(checkOf(stale)).toEqual({ sha: head, status: "in_progress", conclusion: null });
    expect(verdicts(stale)).toEqual([]);
  });
});

test("what can never be read is looked at again at once only until the check shows it", () => {
  const read = facts({ policy: "version: 1\nextends: default\n", changes: [change("web/a.ts")] });
  const judged = { ...read, secrets: unknown("a commit has no parent to compare with") };
  const first = decidePull(pullContext(judged, { number: 5 }));
  expect(first.requeueAfter).toBe(15);
  const shown = first.effects.find((effect) => effect.type === "ensure-check");
  if (shown?.type !== "ensure-check") throw new Error("nothing is shown");
  const { verdictSha256: externalId, status, conclusion } = shown;
  const ourCheck = known({ externalId, status, conclusion });
  expect(decidePull(pullContext(judged, { number: 5, ourCheck })).requeueAfter).toBeNull();
});

test("a run's pull request is not judged as one of nobody's while the ledger cannot tell its number yet", () => {
  const committed: TypedEntry = {
    seq: 1,
    hash: "1".repeat(64),
    at: "2026-11-21T09:00:00.000Z",
    actor: { type: "app", id: 99, login: "sallyport[bot]" },
    kind: "change.committed",
    body: {
      run: "run-2-1",
      story: 2,
      prompt: 3,
      attempt: { r: 0, s: 0 },
      branch: "sallyport/run-2-1/3",
      commit: head,
      tree: "3".repeat(40),
      parent: earlier,
    },
  };
  const given = pullOf({ entries: [committed] }, gates);
  expect(checkOf(given)).toMatchObject({ status: "in_progress", conclusion: null });
  expect(decidePull(given)).toMatchObject({ drafts: [], requeueAfter: 15 });
  expect(checkOf(pullOf({ entries: [committed] }))).toMatchObject({
    status: "in_progress",
    conclusion: null,
  });
});

describe("a sign-off", () => {
  const ask = (line: string, over: Partial<CommandRequest> = {}) => say(line, "quinn", ["approvers"], over);
  const codeOf = (one: CommandRequest, over: Partial<PullSnapshot> = {}) => {
    const command = decidePull(pullOf({ commands: [one], ...over }, gates)).drafts.find(
      (draft) => draft.kind === "command",
    );
    return command?.kind === "command" ? command.body.code : null;
  };

  test("by an approver on the exact head is recorded and turns the check", () => {
    const decision = decidePull(pullOf({ commands: [ask(`/sign-off ${head} pass manual`)] }, gates));
    expect(decision.drafts.map((draft) => draft.kind)).toEqual(["command", "sign-off.given", "verdict.given"]);
    expect(decision.effects.find((effect) => effect.type === "ensure-check")).toMatchObject({
      conclusion: "success",
    });
  });

  test("that a later one in the same look takes back counts for nothing", () => {
    const commands = [ask(`/sign-off ${head} pass manual`), ask(`/sign-off ${head} fail manual`)];
    const { drafts } = decidePull(pullOf({ commands }, gates));
    expect(drafts.at(-1)).toMatchObject({ kind: "verdict.given", body: { conclusion: "failure" } });
  });

  test.each<[string, CommandRequest, string]>([
    [
      "T092 T113: of a commit that is not the head, where newer evidence came in between",
      ask(`/sign-off ${earlier} pass manual`),
      "head-moved",
    ],
    ["T093: of a short commit id", ask(`/sign-off ${head.slice(0, 12)} pass manual`), "badly-written"],
    ["of a test that the policy does not list", ask(`/sign-off ${head} pass other`), "not-a-listed-test"],
    ["T096: in an edited comment", ask(`/sign-off ${head} pass manual`, { edited: true }), "edited"],
    [
      "T104: by a person who may only read",
      ask(`/sign-off ${head} pass manual`, { permission: known({ role: "read", duties: ["approvers"] }) }),
      "no-write-access",
    ],
    [
      "T102: by the author",
      ask(`/sign-off ${head} pass manual`, { by: { id: 1, login: "ada", type: "User" } }),
      "own-work",
    ],
  ])("is refused %s", (_, one, code) => {
    expect(codeOf(one)).toBe(code);
  });

  test("U6: whoever asked for the change is not named as somebody else who signs it off", () => {
    const own = ask(`/sign-off ${head} pass manual`, { by: { id: 1, login: "ada", type: "User" } });
    const policy = gates.replace('"@quinn"', '"@Ada", "@quinn"');
    const [command] = decidePull(pullOf({ commands: [own] }, policy)).drafts;
    expect(command).toMatchObject({ body: { code: "own-work", message: expect.stringContaining("off: @quinn (") } });
  });

  /** The look after a sign-off was taken in. */
  const signed = (judged: PullSnapshot["judged"], policy: string): PullSnapshot => {
    const given = { ...pullOf({ commands: [ask(`/sign-off ${head} pass manual`)] }, policy), judged };
    const entries = decidePull(given).drafts.map((draft, index): TypedEntry => {
      return { ...draft, seq: index + 1, hash: `${index}`.padStart(64, "0"), at: given.now };
    });
    return { ...given, commands: [], entries };
  };

  test("T097: whose comment was deleted later stays, because the ledger has it", () => {
    const { judged } = pullOf({}, gates);
    expect(checkOf(pullOf({}, gates))).toMatchObject({ conclusion: null });
    expect(checkOf(signed(judged, gates))).toMatchObject({ conclusion: "success" });
  });

  test.each([
    ["has not reported", null, "in_progress", null],
    ["fails later", "failure", "completed", "failure"],
    ["succeeds later", "success", "completed", "success"],
  ] as const)("T114: that was given early makes up for no check: one that %s", (_, ended, status, conclusion) => {
    const policy = gates.replace("gates: {", 'gates: { ci: { checks: ["@github-actions/test"] },');
    const { judged } = pullOf({}, policy);
    const test = { id: 1, suite: 1, name: "test", app: "github-actions", status: "completed" };
    const before = signed({ ...judged, checks: known([{ ...test, conclusion: "success" }]) }, policy);
    expect(before.entries.map(({ kind }) => kind)).toContain("sign-off.given");
    const checks = known(ended === null ? [] : [{ ...test, conclusion: ended }]);
    expect(checkOf({ ...before, judged: { ...judged, checks } })).toMatchObject({ status, conclusion });
  });

  test.each([
    ["have not reported", []],
    ["failed", ["failure"]],
  ])("T9: is refused while the checks that the policy asks for %s, and is not asked for", (_, ended) => {
    const policy = gates.replace("gates: {", 'gates: { ci: { checks: ["@github-actions/test"] },');
    const test = { id: 1, suite: 1, name: "test", app: "github-actions", status: "completed" };
    const checks = known(ended.map((conclusion) => ({ ...test, conclusion })));
    const given = pullOf({ commands: [ask(`/sign-off ${head} pass manual`)] }, policy);
    const { drafts, effects } = decidePull({ ...given, judged: { ...given.judged, checks } });
    expect(drafts[0]?.body).toMatchObject({ accepted: false, code: "ci-first" });
    expect(drafts.map(({ kind }) => kind)).not.toContain("sign-off.given");
    const sticky = effects.find((effect) => effect.type === "ensure-sticky");
    expect(sticky?.type === "ensure-sticky" && sticky.body).not.toContain("/sign-off");
  });

  const moved = (retargetedAt: PullSnapshot["judged"]["retargetedAt"]) => {
    const { judged } = pullOf({}, gates);
    return { judged: { ...judged, retargetedAt } };
  };

  test("T066: that was written before the base branch was changed is refused, although it is read only now", () => {
    const before = moved(known("2026-11-21T10:00:00Z"));
    expect(codeOf(ask(`/sign-off ${head} pass manual`), before)).toBe("retargeted");
    const after = moved(known("2026-11-21T09:59:59Z"));
    expect(codeOf(ask(`/sign-off ${head} pass manual`), after)).toBe("signed-off");
  });

  test("T066: waits while it could not be read when the base branch was changed", () => {
    const given = pullOf({ commands: [ask(`/sign-off ${head} pass manual`)], ...moved(unknown("HTTP 502")) }, gates);
    expect(decidePull(given)).toMatchObject({ requeueAfter: 15 });
    expect(codeOf(ask(`/sign-off ${head} pass manual`), moved(unknown("HTTP 502")))).toBeNull();
  });

  test("T066: is recorded with the branch, holds for that one alone, and again when it is back there", () => {
    const { judged } = pullOf({}, gates);
    const given = signed(judged, gates);
    expect(given.entries.find(({ kind }) => kind === "sign-off.given")?.body).toMatchObject({
      baseRef: "main",
    });
    const onto = (ref: string, retargetedAt: string): PullSnapshot => ({
      ...given,
      judged: { ...judged, base: { ...judged.base, ref }, retargetedAt: known(retargetedAt) },
    });
    expect(checkOf(onto("other", "2026-11-21T11:00:00Z"))).toMatchObject({ conclusion: null });
    expect(checkOf(onto("main", "2026-11-21T12:00:00Z"))).toMatchObject({ conclusion: "success" });
  });

  test("T112: of a pull request that is closed is refused", () => {
    expect(codeOf(ask(`/sign-off ${head} pass manual`), { state: "closed" })).toBe("closed");
  });
});

describe("a waiver (C9)", () => {
  const text = `version: 1
people: { architects: ["@rita"] }
gates: { diff-size: { files: 1 } }
waivers: { gates: [diff-size], days: 7 }
`;
  const ask = (line: string, duties: Duty[] = ["architects"], id = 30): CommandRequest =>
    say(line, "rita", duties, {
      source: { type: "comment", id: 71 },
      by: { id, login: "rita", type: "User" },
    });
  const decide = (one: CommandRequest, policy = text, over: Partial<PullSnapshot["judged"]> = {}) => {
    const given = pullOf({ commands: [one] }, policy);
    const { drafts } = decidePull({
      ...given,
      judged: { ...given.judged, changes: known([change("a"), change("b")]), ...over },
    });
    return drafts;
  };
  const codeOf = (one: CommandRequest, policy = text, over: Partial<PullSnapshot["judged"]> = {}) => {
    const command = decide(one, policy, over).find((draft) => draft.kind === "command");
    return command?.kind === "command" ? command.body.code : null;
  };

  test("by who may give it is recorded with its reason and its day", () => {
    const given = decide(ask(`/waive diff-size ${head} until 2026-11-28 because it is generated`));
    // The verdict tells the waiver's place in the ledger, so it is given when there is one.
    expect(given.map((draft) => draft.kind)).toEqual(["command", "waiver.given"]);
    expect(given[1]?.body).toEqual({
      pull: 5,
      sha: head,
      baseRef: "main",
      gate: "diff-size",
      until: "2026-11-28",
      reason: "it is generated",
      comment: 71,
    });
  });

  test("is told in which time its days are: a reviewer's own can be another", () => {
    const lineFor = (until: string) =>
      decide(ask(`/waive diff-size ${head} until ${until} because x`)).flatMap((draft) =>
        draft.kind === "command" ? [draft.body.message] : [],
      );
    expect(lineFor("2026-11-21")).toEqual([expect.stringContaining("to the end of 2026-11-21 in UTC by @rita.")]);
    expect(lineFor("2026-11-20")).toEqual([expect.stringContaining("from today, 2026-11-21 in UTC, to 2026-11-28")]);
  });

  test("U6: whoever asked for the change is not named as somebody else who waives the gate", () => {
    const own = ask(`/waive diff-size ${head} until 2026-11-28 because x`, ["architects"], 1);
    const [command] = decide(own, text.replace('"@rita"', '"@rita", "@acme/leads"'));
    expect(command).toMatchObject({
      body: { code: "own-work", message: expect.stringContaining("gate: @acme/leads.") },
    });
  });

  test("T066: that was written before the base branch was changed is refused", () => {
    const one = ask(`/waive diff-size ${head} until 2026-11-28 because it is generated`);
    expect(codeOf(one, text, { retargetedAt: known("2026-11-21T10:00:00Z") })).toBe("retargeted");
  });

  test.each<[string, CommandRequest, string, string]>([
    ["T117: of an older commit", ask(`/waive diff-size ${earlier} until 2026-11-28 because x`), text, "head-moved"],
    [
      "of a gate that the policy does not list",
      ask(`/waive scope ${head} until 2026-11-28 because x`),
      text,
      "not-waivable",
    ],
    [
      "T117: for longer than the policy allows",
      ask(`/waive diff-size ${head} until 2026-11-29 because x`),
      text,
      "bad-day",
    ],
    ["for a day that is over", ask(`/waive diff-size ${head} until 2026-11-20 because x`), text, "bad-day"],
    [
      "for a day that does not exist",
      ask(`/waive diff-size ${head} until 2026-11-31 because x`),
      text,
      "badly-written",
    ],
    ["T117: without a reason", ask(`/waive diff-size ${head} until 2026-11-28`), text, "badly-written"],
    ["by an approver", ask(`/waive diff-size ${head} until 2026-11-28 because x`, ["approvers"]), text, "not-in-duty"],
    [
      "T102 T117: by the author",
      ask(`/waive diff-size ${head} until 2026-11-28 because x`, ["architects"], 1),
      text,
      "own-work",
    ],
    [
      "under a policy without waivers",
      ask(`/waive diff-size ${head} until 2026-11-28 because x`),
      "version: 1",
      "no-waivers",
    ],
  ])("is refused %s", (_, one, policy, code) => {
    expect(codeOf(one, policy)).toBe(code);
  });
});

describe("a block on a pull request (B11)", () => {
  const block = say("/block Is it safe?", "quinn", ["approvers"]);
  const clarify = say("/clarify Yes.", "quinn", ["approvers"]);

  /** The next round of a look that took these commands in. */
  const next = (commands: CommandRequest[], policy?: string): PullSnapshot => {
    const given = pullOf({ commands }, policy);
    return { ...given, commands: [], entries: round(given) };
  };

  test("holds the check open until it is answered", () => {
    expect(checkOf(next([block]))).toMatchObject({ status: "in_progress" });
    expect(checkOf(next([block, clarify]))).toMatchObject({ conclusion: "success" });
  });

  test("G13: is named by the entry that it became, and the verdict is given once", () => {
    const entries = recorded(pullOf({ commands: [block] }));
    const verdicts = entriesOf(entries, "verdict.given");
    expect(verdicts).toHaveLength(1);
    const again = judgeWhole({
      ...pullOf().judged,
      policy: pullOf().policy,
      record: recordOf(entries, 5, pullOf().judged),
    });
    expect(verdicts[0]?.body.verdictSha256).toBe(again.digest);
  });

  test("C4: is a concern of its own, and so is its answer", () => {
    const { drafts } = decidePull(pullOf({ commands: [block, clarify] }));
    const concern = `comment/${block.source.id}`;
    expect(drafts.filter(({ kind }) => kind.startsWith("concern"))).toMatchObject([
      { kind: "concern.raised", actor: { id: 2 }, body: { concern, pull: 5, story: null, prompt: null } },
      {
        kind: "concern.answered",
        body: { concern, pull: 5, text: "Yes.", source: { id: clarify.source.id } },
      },
    ]);
  });

  test("T11: comes first in the title and in the answer to /status", () => {
    const status = say("/status", "quinn", []);
    const { effects } = decidePull(pullOf({ commands: [block, status] }, gates));
    const shown = decidePull(next([block, status], gates)).effects;
    const check = shown.find((effect) => effect.type === "ensure-check");
    expect(check).toMatchObject({ title: "Stopped until somebody answers; also waiting: manual-test" });
    const replies = effects.flatMap((effect) => (effect.type === "reply" ? [effect.line] : []));
    expect(replies.at(-1)).toContain("Stopped until somebody answers");
  });

  test("an answer where nothing is open is refused", () => {
    const [command] = decidePull(pullOf({ commands: [clarify] })).drafts;
    expect(command?.body).toMatchObject({ accepted: false, code: "nothing-open" });
  });
});

describe("a merge", () => {
  const merged = { commit: "e".repeat(40), tree: "f".repeat(40), by: null };
  const end = (entries: TypedEntry[]) => decidePull(pullOf({ state: "closed", merged, entries })).drafts;
  const kinds = (entries: TypedEntry[]) => end(entries).map((draft) => draft.kind);
  const resultOf = (entries: TypedEntry[]) => {
    const draft = end(entries).find((one) => one.kind === "source.verified");
    return draft?.kind === "source.verified" ? draft.body.summary.verificationResult : null;
  };

  test("T088: that no success allowed is an incident, and its revision fails", () => {
    expect(kinds([])).toEqual(["merge.observed", "source.verified", "incident.raised"]);
    expect(resultOf([])).toBe("FAILED");
    expect(kinds([verdictOf(5, "success")])).toEqual(["merge.observed", "source.verified"]);
    expect(resultOf([verdictOf(5, "success")])).toBe("PASSED");
  });

  test("T066 T068: by a success that was for another branch is one that none allowed", () => {
    const given = verdictOf(5, "success");
    if (given.kind !== "verdict.given") throw new Error("it is a verdict");
    const forBranch = (baseRef: string) => [{ ...given, body: { ...given.body, baseRef } }];
    expect(kinds(forBranch("own"))).toEqual(["merge.observed", "source.verified", "incident.raised"]);
    expect(resultOf(forBranch("own"))).toBe("FAILED");
    expect(kinds(forBranch("main"))).toEqual(["merge.observed", "source.verified"]);
    expect(resultOf(forBranch("main"))).toBe("PASSED");
  });

  test("is summed up for the branch it entered, about both commits, as its entry's schema has it", () => {
    const draft = end([verdictOf(5, "success")]).find((one) => one.kind === "source.verified");
    expect(entryBodies["source.verified"].parse(draft?.body)).toMatchObject({
      pull: 5,
      head,
      merged: merged.commit,
      ref: "refs/heads/main",
    });
    expect(draft?.subject.map(({ digest }) => digest.gitCommit)).toEqual([head, merged.commit]);
  });

  const openedFor = (story: number): TypedEntry => ({
    seq: 1,
    hash: "1".repeat(64),
    at: "2026-11-21T09:00:00.000Z",
    actor: { type: "app", id: 99, login: "sallyport[bot]" },
    kind: "pull.opened",
    body: { run: `run-${story}-1`, story, prompt: 3, pull: 5, branch: `sallyport/run-${story}-1/3`, head },
  });

  test("T4: past the check of a run's pull request is a concern on its story, and is said on the pull request", () => {
    const by = { id: 30, login: "max" };
    const { drafts, effects } = decidePull(
      pullOf({ state: "closed", merged: { ...merged, by }, entries: [openedFor(2)] }),
    );
    const raised = drafts.find(({ kind }) => kind === "concern.raised");
    expect(raised?.kind === "concern.raised" && entryBodies["concern.raised"].parse(raised.body)).toMatchObject({
      concern: "merged/5",
      story: 2,
      pull: null,
      about: { type: "merge", pull: 5, by },
    });
    const sticky = effects.find((effect) => effect.type === "ensure-sticky");
    const text = sticky?.type === "ensure-sticky" ? sticky.body : "";
    expect(text).toContain("merged past the check");
    expect(text).toContain("/clarify merged/5");
    const fine = decidePull(pullOf({ state: "closed", merged, entries: [verdictOf(5, "success"), openedFor(2)] }));
    expect(fine.drafts.map(({ kind }) => kind)).not.toContain("concern.raised");
    expect(fine.effects).toEqual([]);
  });

  test("T4: of a run's pull request into another branch than its story's is a concern there, and no other's is", () => {
    const given = verdictOf(5, "success");
    if (given.kind !== "verdict.given") throw new Error("it is a verdict");
    const judged = facts({ base: { ref: "release", sha: base } });
    const verdict = { ...given, body: { ...given.body, baseRef: "release" } };
    const drafts = (entries: TypedEntry[]) =>
      decidePull(pullOf({ judged, state: "closed", merged, entries })).drafts.map(({ kind, body }) => [kind, body]);
    expect(drafts([verdict, openedFor(2)])).toContainEqual([
      "concern.raised",
      expect.objectContaining({ concern: "merged/5", message: expect.stringContaining("into release, and its story") }),
    ]);
    expect(drafts([verdict]).map(([kind]) => kind)).toEqual(["merge.observed", "source.verified"]);
  });

  test("is recorded once", () => {
    const seen = end([]).map((draft, index): TypedEntry => {
      const entry = { ...draft, seq: index + 1, hash: `${index}`.repeat(64), at: "2026-11-21T09:00:00.000Z" };
      return entry;
    });
    expect(kinds(seen)).toEqual([]);
  });
});

describe("F5: a change of the policy", () => {
  const judged = facts({ policy: "version: 1\n", changes: [change(".github/sallyport.yml")] });
  const asked = (outcomes: PullSnapshot["outcomes"]) =>
    decidePull(pullOf({ judged, outcomes })).effects.find((effect) => effect.type === "show-backtest");

  test("is tried on what has entered, once for each text of it", () => {
    const effect = asked(new Map());
    expect(effect).toMatchObject({ type: "show-backtest", pull: 5, head, branch: "main" });
    expect(asked(new Map([[effect?.key ?? "", { status: "waiting" }]]))).toBeUndefined();
  });

  test("any other change is not", () => {
    expect(decidePull(pullOf()).effects.map((effect) => effect.type)).not.toContain("show-backtest");
  });
});

describe("U3: a repository that never had a policy", () => {
  const judgedBefore: TypedEntry = {
    seq: 1,
    hash: "1".repeat(64),
    at: "2026-11-21T09:00:00.000Z",
    actor: { type: "app", id: 99, login: "sallyport[bot]" },
    kind: "verdict.given",
    body: {
      pull: 4,
      head,
      base: earlier,
      conclusion: "success",
      policy: { ref: earlier, blob: earlier },
      gates: {},
      verdictSha256: "2".repeat(64),
    },
  };
  const absent = (removedBy: string | null) => known({ state: "absent" as const, ref: head, removedBy });

  test("gets one neutral check with the next step, and no comment and no entry", () => {
    const decision = decidePull(pullOf({ policy: absent(null) }));
    expect(decision.drafts).toEqual([]);
    expect(decision.effects).toMatchObject([
      { type: "ensure-check", status: "completed", conclusion: "neutral", title: "Not set up yet", annotations: [] },
    ]);
    expect(decision.effects[0]).toMatchObject({ summary: expect.stringContaining("npx sallyport init") });
  });

  test("hears nothing of a pull request that was closed", () => {
    expect(decidePull(pullOf({ policy: absent(null), state: "closed" }))).toMatchObject({ drafts: [], effects: [] });
  });

  test.each<[string, PullSnapshot]>([
    ["its policy was removed", pullOf({ policy: absent(earlier) })],
    [
      "its history was rewritten, and the ledger has a verdict by a policy",
      pullOf({ policy: absent(null), entries: [judgedBefore] }),
    ],
  ])("is no such repository if %s", (_, given) => {
    expect(decidePull(given).effects.map(({ type }) => type)).toContain("ensure-sticky");
    expect(checkOf(given)).not.toMatchObject({ conclusion: "neutral" });
  });
});
