import { expect, test } from "@jest/globals";
import type { PolicyReading } from "../../../core/facts.ts";
import { known, unknown } from "../../../core/known.ts";
import { missingLabels } from "../../../core/labels.ts";
import { decideRepository, type InstalledFacts } from "../../../core/repository/repository.ts";

const all = missingLabels([]);
const names = all.map(({ name }) => name);
const absent: PolicyReading = { state: "absent", ref: "a".repeat(40), removedBy: null };
const facts: InstalledFacts = {
  now: "2026-11-21T10:00:00.000Z",
  repository: { id: 7, name: "acme/web", defaultBranch: "main" },
  isArchived: false,
  isFork: false,
  labels: names,
  policy: known(absent),
  onboarding: null,
  reports: null,
  outcomes: new Map(),
};

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

const onboarding = { ledgerKey: "ed25519:AAAA" };
const key = "onboarding/7";

test("a repository that never had a policy gets one proposed", () => {
  expect(decideRepository({ ...facts, onboarding }).effects).toEqual([
    { type: "open-onboarding", key, base: "main", parent: absent.ref, at: facts.now, ledgerKey: "ed25519:AAAA" },
  ]);
});

test.each<[string, Partial<InstalledFacts>]>([
  ["whoever runs the App wants none", { onboarding: null }],
  ["it was proposed", { outcomes: new Map([[key, { status: "done", result: { type: "pull", number: 3 } }]]) }],
  ["it could not be", { outcomes: new Map([[key, { status: "failed", code: "github", message: "no" }]]) }],
  ["it is being proposed", { outcomes: new Map([[key, { status: "waiting" }]]) }],
  ["somebody removed the policy", { policy: known({ ...absent, removedBy: "b".repeat(40) }) }],
  [
    "it has a broken one",
    {
      policy: known({
        state: "malformed",
        ref: absent.ref,
        blob: "b",
        problems: [{ message: "no", line: 1, column: 1 }],
      }),
    },
  ],
  ["nobody knows whether it has one", { policy: unknown("GitHub is away") }],
  ["it is archived", { isArchived: true }],
  ["it is a fork", { isFork: true }],
])("no policy is proposed where %s", (_, more) => {
  expect(decideRepository({ ...facts, onboarding, ...more }).effects).toEqual([]);
});
