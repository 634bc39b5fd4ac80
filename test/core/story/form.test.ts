import { describe, expect, test } from "@jest/globals";
import { formSections, storyForm } from "../../../core/story/form.ts";

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
