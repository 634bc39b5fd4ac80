import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { entriesOf, type TypedEntry } from "../../../core/entries.ts";
import type { PullFacts } from "../../../core/facts.ts";
import { type Known, known, unknown } from "../../../core/known.ts";
import type { PublishedBody } from "../../../core/replay/sources.ts";
import { givenFacts, judgeWhole, verdictBody } from "../../../core/verdict/judged.ts";
import { entryBodies } from "../../../schemas/entries.ts";
import { GivenFacts } from "../../../schemas/verdict.ts";
import { entries, git, other, replay } from "../../builders/altered-replay.ts";
import { anyFacts } from "../../builders/any-facts.ts";
import { change, earlier, facts, runRecord } from "../../builders/pull-facts.ts";

const ownPull = facts().pull;
if (ownPull === null) throw new Error("the facts are of no pull request");
const policy = 'version: 1\ngates: { secrets: {} }\nroles: { web: { allow: ["web/**"] } }';
const pull = { ...ownPull, number: 11 };
const all = facts({ policy, pull, record: runRecord({ run: "run-2-1", story: 2, prompt: 3 }) });
const checks = known([{ id: 1, suite: 1, name: "test", app: "github-actions", status: "completed", conclusion: "x" }]);
const given = givenFacts(all);
const opened = entriesOf(entries, "pull.opened").find(({ body }) => body.pull === 11);
if (given === null || opened === undefined) throw new Error("the run has no such pull request");
const { sha256, text } = given;
const { hash, at, actor } = opened;
const seq = opened.seq + 0.5;
const told = GivenFacts.parse(JSON.parse(text));
const recorded = verdictBody(11, "main", { ...judgeWhole(all), given });

type Sources = { now?: Known<PullFacts>; published?: PublishedBody<GivenFacts> | null };

/** The replayed step of a verdict on #11 that was recorded like this; `now`: what it is derived from again. */
function stepOf(
  body: Partial<typeof recorded>,
  { now = known(all), published = { text, value: told } }: Sources = {},
  digest = sha256,
) {
  const entry: TypedEntry = { seq, hash, at, actor, kind: "verdict.given", body: { ...recorded, ...body } };
  const changed = [...entries, entry].toSorted((one, other) => one.seq - other.seq);
  const bodies = new Map(published === null ? [] : [[digest, published] as const]);
  const { steps } = replay(changed, { ...git({ judged: new Map([[seq, now]]) }), given: bodies });
  return steps.find(({ step }) => step === "verdict");
}

test("G13: a verdict follows again from what GitHub told, the content and the record", () => {
  expect(stepOf({})).toMatchObject({ result: "same", about: `#11 at ${all.head.sha.slice(0, 12)}` });
});

test.each<[string, Partial<typeof recorded>, Partial<PullFacts>, string[]]>([
  ["somebody recorded another conclusion", { conclusion: "failure" }, {}, ["conclusion"]],
  ["somebody recorded another digest", { verdictSha256: other.sha256 }, {}, ["verdictSha256"]],
  ["the content is not what was judged", {}, { changes: known([change("law/a")]) }, ["gates", "verdictSha256"]],
  ["GitHub told something else", {}, { checks }, ["facts"]],
  ["the head is another one", {}, { head: { sha: earlier } }, ["head", "verdictSha256"]],
])("G13: it differs where %s", (_, body, now, what) => {
  const step = stepOf(body, { now: known({ ...all, ...now }) });
  expect([step?.result, step?.differences.map((one) => one.what)]).toEqual(["differs", expect.arrayContaining(what)]);
});

test("G13: it differs where what GitHub told is of another pull request", () => {
  const theirs = { ...all, pull: { ...pull, number: 12 } };
  const given = givenFacts(theirs);
  if (given === null) throw new Error("nothing is kept");
  const { sha256: digest, text } = given;
  const value = GivenFacts.parse(JSON.parse(text));
  const body = verdictBody(11, "main", { ...judgeWhole(theirs), given });
  const step = stepOf(body, { now: known(theirs), published: { text, value } }, digest);
  expect([step?.result, step?.differences.map((one) => one.what)]).toEqual(["differs", ["pull"]]);
});

test.each<[string, ReturnType<typeof stepOf>, string, string]>([
  ["facts that are something else", stepOf({}, { published: { text: "{}", value: null } }), "differs", "the facts"],
  ["facts that were not kept", stepOf({ facts: undefined }), "unpublished", "was not kept"],
  ["facts that were not published", stepOf({}, { published: null }), "unpublished", "was not published"],
  ["content that the clone lacks", stepOf({}, { now: unknown("no such commit") }), "missing", "no such commit"],
  [
    "another version's rules, which may give another verdict",
    stepOf({}, { published: { text, value: { ...told, engine: "1" } } }),
    ...(["unpublished", "judged by rules 1"] as const),
  ],
])("a verdict with %s cannot be tried", (_, step, result, why) => {
  expect([step?.result, step?.text]).toEqual([result, expect.stringContaining(why)]);
});

test("what GitHub told and was kept has the form that a replay reads, and gives the same verdict", () => {
  let kept = 0;
  fc.assert(
    fc.property(anyFacts, (one) => {
      const attachments = known({
        headAt: null,
        textAt: "2026-11-21T08:00:00Z",
        artifacts: [],
        comments: [],
        schemaProblems: [],
      });
      const given = givenFacts({ ...one, attachments });
      if (given === null) return;
      kept += 1;
      const { version: _, engine: __, baseRef, ...told } = GivenFacts.parse(JSON.parse(given.text));
      const again = { ...one, ...told, base: { ...one.base, ref: baseRef } };
      expect(givenFacts(again)).toEqual(given);
      expect(judgeWhole(again)).toEqual(judgeWhole({ ...one, attachments }));
      entryBodies["verdict.given"].parse(verdictBody(3, baseRef, { ...judgeWhole(again), given }));
    }),
  );
  expect(kept).toBeGreaterThan(0);
});
