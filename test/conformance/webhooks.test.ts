import { createRequire } from "node:module";
import { describe, expect, test } from "@jest/globals";
import { validateWebhook } from "./webhooks.ts";

type Payload = Record<string, unknown>;

const require = createRequire(import.meta.url);
const published: { name: string; examples: Payload[] }[] = require("@octokit/webhooks-examples");

const OURS = ["check_run", "check_suite", "issue_comment", "issues", "label", "pull_request", "push", "status"];

/** The published examples are of several years: some lack fields that GitHub's descriptions now require. */
const DATED = /must have required property|must match format/;

describe("published examples", () => {
  test.each(OURS)("%s: accepted, or older than a field", (event) => {
    const problems = examples(event).map((payload) => validateWebhook(event, payload));
    expect(problems.flat().filter((problem) => !DATED.test(problem))).toEqual([]);
  });

  test.each(["check_run", "check_suite", "issue_comment", "issues", "pull_request"])("%s: some are whole", (event) => {
    expect(examples(event).filter((payload) => validateWebhook(event, payload).length === 0)).not.toEqual([]);
  });
});

describe("a payload that differs is a problem", () => {
  const labeled = whole("issues", "labeled");

  test.each<[string, Payload, RegExp]>([
    ["a missing field", { ...labeled, sender: undefined }, /^issues.labeled .*required property 'sender'/],
    ["a wrong type", { ...labeled, label: "bug" }, /^issues.labeled \/label: must be object/],
    ["an action that GitHub lacks", { ...labeled, action: "stickered" }, /^issues.stickered: .*no such webhook/],
    ["no action", { ...labeled, action: undefined }, /^issues: GitHub sends no such webhook/],
    ["another event's payload", { ...labeled, action: "closed", issue: labeled.label }, /^issues.closed \/issue/],
  ])("%s", (_title, payload, problem) => {
    const sent = JSON.parse(JSON.stringify(payload));
    expect(validateWebhook("issues", labeled)).toEqual([]);
    expect(validateWebhook("issues", sent)).toContainEqual(expect.stringMatching(problem));
  });

  test("an event that only the newer description knows is judged by it", () => {
    const problems = validateWebhook("sub_issues", { action: "sub_issue_added" });
    expect(problems).toContainEqual(expect.stringMatching(/^sub_issues.sub_issue_added .*'parent_issue_id'/));
  });

  test("an event that nobody knows", () => {
    expect(validateWebhook("rumours", {})).toEqual(["rumours: GitHub sends no such webhook"]);
  });
});

function examples(event: string): Payload[] {
  return published.find(({ name }) => name === event)!.examples;
}

function whole(event: string, action: string): Payload {
  const candidates = examples(event).filter((payload) => payload.action === action);
  return candidates.find((payload) => validateWebhook(event, payload).length === 0)!;
}
