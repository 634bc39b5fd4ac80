import { describe, expect, test } from "@jest/globals";
import { formSections, intakeProblems, storyForm } from "../../../core/story/form.ts";
import { Policy } from "../../../schemas/policy.ts";

describe("the sections of an issue's form", () => {
  test.each([
    ["blanks around a label", "###   Risk  \n\nlow", [["risk", "low"]]],
    ["no blank, no label", "###Risk\n\nlow", []],
    ["a second answer to the same label", "### Risk\n\nlow\n\n### Risk\n\nhigh", [["risk", "low"]]],
    ["a label inside a fence", "### Risk\n\n```\n### Epic\n```", [["risk", "```\n### Epic\n```"]]],
  ])("%s", (_what, body, sections) => {
    expect([...formSections(body)]).toEqual(sections);
  });

  // Tried in every way, this label would take hours; whoever opens an issue writes it.
  test("a label of blanks is read in one go", () => {
    const blanks = " ".repeat(60_000);
    expect(storyForm(`### ${blanks}\u2028x\n### Risk\n\nlow`).risk).toBe("low");
  });
});

describe("U5: what a story needs is the policy's to say", () => {
  const light = { epic: "optional", decisions: "optional", risk: "optional" };
  const adr = { adr: { when: ["src/**"], files: ["docs/adr/**"] } };
  const there = (path: string) => [{ path, exists: true }];
  const criteria = "### Acceptance criteria\n\n- It works.";
  test.each<[string, object, string, Parameters<typeof intakeProblems>[1], string[]]>([
    [
      "everything, where it says nothing",
      {},
      "",
      { epic: "missing", task: null, decisions: [] },
      ["Epic", "Description", "Acceptance criteria", "Risk", "Decisions"],
    ],
    [
      "text and criteria, where it is light",
      { intake: light },
      "",
      { epic: "missing", task: null, decisions: [] },
      ["Description", "Acceptance criteria"],
    ],
    [
      "a text without a form is the description",
      { intake: light },
      `Greet.\n\n${criteria}`,
      { epic: "missing", task: null, decisions: [] },
      [],
    ],
    [
      "not even criteria",
      { intake: { ...light, acceptance: "optional" } },
      "Greet.",
      { epic: "missing", task: null, decisions: [] },
      [],
    ],
    [
      "an optional epic that is none",
      { intake: light },
      `Greet.\n${criteria}`,
      { epic: "not-an-epic", task: null, decisions: [] },
      ["Epic"],
    ],
    [
      "A1: an optional risk that is none",
      { intake: light },
      `Greet.\n${criteria}\n### Risk\n\nbanana`,
      { epic: "missing", task: null, decisions: [] },
      ["Risk"],
    ],
    [
      "A7: an optional decision that is not there",
      { intake: light },
      `Greet.\n${criteria}\n### Decisions\n\ndocs/x.md`,
      { epic: "missing", task: null, decisions: [{ path: "docs/x.md", exists: false }] },
      ["Decisions"],
    ],
    [
      "A7: a file that is no decision record",
      { intake: light, gates: adr },
      `Greet.\n${criteria}\n### Decisions\n\ngovernance/README.md`,
      { epic: "missing", task: null, decisions: there("governance/README.md") },
      ["Decisions"],
    ],
    [
      "a decision record of the policy",
      { intake: light, gates: adr },
      `Greet.\n${criteria}\n### Decisions\n\ndocs/adr/1.md`,
      { epic: "missing", task: null, decisions: there("docs/adr/1.md") },
      [],
    ],
  ])("%s", (_, over, body, seen, parts) => {
    const problems = intakeProblems(storyForm(body), seen, Policy.parse({ version: 1, ...over }));
    expect(problems.map((line) => /^\*\*([^*]+)\*\*/.exec(line)?.[1])).toEqual(parts);
  });
});
