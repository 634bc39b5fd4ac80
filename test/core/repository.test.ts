import { expect, test } from "@jest/globals";
import { missingLabels } from "../../core/labels.ts";
import { decideRepository } from "../../core/repository.ts";

const all = missingLabels([]);
const names = all.map(({ name }) => name);
const facts = { repository: { id: 7, name: "acme/web" }, isArchived: false, labels: names };

test("U4: a repository gets the labels that it lacks, and a label of a person is left as it is", () => {
  const labels = names.filter((name) => name !== "ai:run").map((name) => name.toUpperCase());
  expect(decideRepository({ ...facts, labels }).effects).toEqual([
    { type: "ensure-labels", key: "labels/7", labels: all.filter(({ name }) => name === "ai:run") },
  ]);
  expect(decideRepository(facts).effects).toEqual([]);
  expect(decideRepository({ ...facts, labels: [], isArchived: true }).effects).toEqual([]);
});

test("U4: every label that the forms, the commands and the states name is made, in a form that GitHub takes", () => {
  expect(names).toEqual(expect.arrayContaining(["epic", "story", "diff-prompt", "ai:plan", "ai:run", "ai:campaign"]));
  expect(names).toEqual(expect.arrayContaining(["sallyport:draft", "sallyport:needs-approval", "sallyport:active"]));
  expect(new Set(names).size).toBe(names.length);
  for (const { name, color, description } of all) {
    expect(name.length).toBeLessThanOrEqual(50);
    expect(color).toMatch(/^[0-9a-f]{6}$/);
    expect(description.length).toBeLessThanOrEqual(100);
  }
});
