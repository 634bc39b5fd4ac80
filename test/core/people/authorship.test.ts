import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { PullFacts } from "../../../core/facts.ts";
import { idsOf, isByAgent, requesters, whoseWork } from "../../../core/people/authorship.ts";
import type { PullRecord } from "../../../core/pull-record.ts";
import { author, evidenceOfHead, facts, recordOf, runRecord, tester } from "../../builders/pull-facts.ts";

const from = (record: PullRecord, type: "User" | "Bot" | "Organization" | "Mannequin" = "User"): PullFacts => ({
  ...facts({ record }),
  pull: { number: 3, author: { ...author, type }, title: "", body: "", labels: [] },
});

describe("who asked for a change", () => {
  test.each<[string, PullFacts, PullRecord, number[]]>([
    ["the author of a person's pull request", facts(), recordOf(), [1]],
    [
      "those who asked for the run, and the bot that opened the pull request",
      facts({ record: runRecord() }),
      runRecord(),
      [1, 99],
    ],
    ["T102: all who asked, each once", facts(), runRecord({ requesters: [author, tester, author] }), [1, 2]],
    ["nobody when a git directory alone is judged", facts({ pull: null }), recordOf(), []],
  ])("%s", (_, given, record, ids) => {
    expect([...idsOf(requesters(given, record))].sort((one, other) => one - other)).toEqual(ids);
  });
});

describe("whose work it is to the person who would judge it", () => {
  const renamed = { ...author, login: "lena-2" };
  const successor = { ...tester, login: author.login };
  test.each<[string, { id: number }, ReadonlySet<number>, "strict" | "solo", string]>([
    ["T102: who asked for it may not judge it", author, idsOf([author]), "strict", "own"],
    ["T102: one of several who asked", tester, idsOf([author, tester]), "strict", "own"],
    ["T102: who asked under another login", renamed, idsOf([author]), "strict", "own"],
    ["a lone maintainer may, and it is shown", author, idsOf([author]), "solo", "own-but-solo"],
    ["somebody else may", tester, idsOf([author]), "strict", "others"],
    ["somebody else who took over a login", successor, idsOf([author]), "strict", "others"],
    ["somebody else is not shown as a lone maintainer", tester, idsOf([author]), "solo", "others"],
    ["anybody may where nobody asked", author, idsOf([]), "strict", "others"],
  ])("%s", (_, person, askedBy, separation, expected) => {
    expect(whoseWork(person, askedBy, { separation })).toBe(expected);
  });

  test("whoever asked never passes for somebody else, and only the policy lets them judge", () => {
    const id = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(id, fc.array(id), fc.constantFrom("strict", "solo"), (who, asked, separation) => {
        const work = whoseWork({ id: who }, idsOf(asked.map((one) => ({ id: one }))), { separation });
        const [own, solo] = [asked.includes(who), separation === "solo"];
        expect(work).toBe(own ? (solo ? "own-but-solo" : "own") : "others");
      }),
    );
  });
});

describe("whether an agent made it", () => {
  const unproven = runRecord({}, { evidence: [] });
  test.each<[string, PullFacts, PullRecord, boolean]>([
    ["a person's pull request", from(recordOf()), recordOf(), false],
    ["a run's", facts({ record: runRecord() }), runRecord(), true],
    ["T103: a run's under a person's name", from(runRecord()), runRecord(), true],
    ["T103: the same before its evidence is there", from(unproven), unproven, true],
    ["T103: one with evidence and no run", from(recordOf()), recordOf({ evidence: [evidenceOfHead] }), true],
    ["a bot's", from(recordOf(), "Bot"), recordOf(), true],
    ["T103: a placeholder account's", from(recordOf(), "Mannequin"), recordOf(), true],
    ["T103: nobody's", facts({ pull: null }), recordOf(), true],
  ])("%s", (_, given, record, expected) => {
    expect(isByAgent(given, record)).toBe(expected);
  });
});
