import { describe, expect, test } from "@jest/globals";
import { isByAgent, requesters } from "../../core/authorship.ts";
import type { PullFacts, PullRecord } from "../../core/facts.ts";
import { author, evidenceOfHead, facts, recordOf, runRecord, tester } from "./sample-facts.ts";

const from = (
  record: PullRecord,
  type: "User" | "Bot" | "Organization" | "Mannequin" = "User",
): PullFacts => ({
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
    expect([...requesters(given, record)].sort((one, other) => one - other)).toEqual(ids);
  });
});

describe("whether an agent made it", () => {
  test.each<[string, PullFacts, PullRecord, boolean]>([
    ["a person's pull request", from(recordOf()), recordOf(), false],
    ["a run's", facts({ record: runRecord() }), runRecord(), true],
    ["T103: a run's under a person's name", from(runRecord()), runRecord(), true],
    ["T103: one with evidence and no run", from(recordOf()), recordOf({ evidence: [evidenceOfHead] }), true],
    ["a bot's", from(recordOf(), "Bot"), recordOf(), true],
    ["T103: a placeholder account's", from(recordOf(), "Mannequin"), recordOf(), true],
    ["T103: nobody's", facts({ pull: null }), recordOf(), true],
  ])("%s", (_, given, record, expected) => {
    expect(isByAgent(given, record)).toBe(expected);
  });
});
