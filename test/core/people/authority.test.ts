import { describe, expect, test } from "@jest/globals";
import type { Permission } from "../../../core/facts.ts";
import { known, unknown } from "../../../core/known.ts";
import { authority, hasSay, holders, writers } from "../../../core/people/authority.ts";
import { readPersonName, shortName } from "../../../core/people/person-name.ts";
import type { Duty } from "../../../schemas/policy-values.ts";
import { policyOf, tester } from "../../builders/pull-facts.ts";

const { people } = policyOf('version: 1\npeople: { approvers: ["@grace#2", "@acme/qa"], planners: ["@lin"] }').policy;
const may = (role: Permission["role"], ...duties: Duty[]) => known({ role, duties });
const at = "2026-11-21T08:00:00.000Z";
const request = {
  by: tester,
  at,
  viaApp: false,
  edited: false,
  atOpening: false,
  permission: may("write", "approvers"),
};

describe("whose word counts", () => {
  const answer = (over: Partial<Parameters<typeof authority>[0]>, ...duties: Duty[]) =>
    authority({ ...request, ...over }, duties, people);

  test.each<[string, Partial<Parameters<typeof authority>[0]>, Duty[]]>([
    ["of a writer with the duty", {}, ["approvers"]],
    ["with one of several duties", {}, ["planners", "approvers"]],
    ["of any writer, where it takes no duty", { permission: may("write") }, []],
    ["of a maintainer", { permission: may("maintain", "approvers") }, ["approvers"]],
    ["of an admin", { permission: may("admin", "approvers") }, ["approvers"]],
  ])("%s", (_, over, duties) => {
    expect(answer(over, ...duties)).toEqual({ answer: "yes" });
  });

  const write = "Write it yourself, in a new comment.";
  test.each<[string, Partial<Parameters<typeof authority>[0]>, string, string]>([
    [
      "a bot's",
      { by: { ...tester, type: "Bot" } },
      "not-a-person",
      "Only a person can do this; apps and bots have no say here.",
    ],
    ["through an app", { viaApp: true }, "through-an-app", `This was written through an app. ${write}`],
    ["edited", { edited: true }, "edited", "An edited comment does not count. Write a new one."],
    [
      "a label that stood at the opening",
      { atOpening: true },
      "label-at-opening",
      "The label or assignment was on the issue when it was opened. Take it off and put it on again to start.",
    ],
    [
      "T104: a reader's",
      { permission: may("read", "approvers") },
      "no-write-access",
      "@grace has no write access to this repository.",
    ],
    [
      "T104: a triager's",
      { permission: may("triage", "approvers") },
      "no-write-access",
      "@grace has no write access to this repository.",
    ],
    [
      "one's who left",
      { permission: may("none", "approvers") },
      "no-write-access",
      "@grace has no write access to this repository.",
    ],
    [
      "one's with another duty",
      { permission: may("admin", "planners") },
      "not-in-duty",
      "This is for approvers (@grace, @acme/qa) or architects (nobody yet: name someone under `people.architects` in the policy). Ask one of them, or change `people` in the policy.",
    ],
  ])("not %s", (_, over, code, line) => {
    expect(answer(over, "approvers", "architects")).toEqual({ answer: "no", code, line });
  });

  test("nobody knows yet while the standing was not read, and a bot's is refused all the same", () => {
    const permission = unknown("HTTP 502");
    expect(answer({ permission }, "approvers")).toEqual({ answer: "wait", why: "HTTP 502" });
    expect(answer({ permission, edited: true }, "approvers")).toMatchObject({ answer: "no", code: "edited" });
  });
});

test("whose words may reach an agent: a writer's with any duty", () => {
  expect([may("write", "planners"), may("write"), may("read", "planners"), unknown("HTTP 502")].map(hasSay)).toEqual([
    true,
    false,
    false,
    false,
  ]);
  expect([...writers]).toEqual(["write", "maintain", "admin"]);
});

test("names of the policy are told without their numbers, and read with them", () => {
  expect(holders(people, "approvers")).toBe("@grace, @acme/qa");
  expect(["@grace#27", "@acme/qa#3", "@a-b"].map(shortName)).toEqual(["@grace", "@acme/qa", "@a-b"]);
  expect(["@grace", "@grace#27", "@acme/qa", "@acme/qa#3"].map(readPersonName)).toEqual([
    { owner: "grace", team: null, number: null },
    { owner: "grace", team: null, number: 27 },
    { owner: "acme", team: "qa", number: null },
    { owner: "acme", team: "qa", number: 3 },
  ]);
});
