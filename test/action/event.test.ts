import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { type EventPull, pullOfEvent } from "../../action/event.ts";

const sha = "a".repeat(40);
const queued = (ref: string) => ({ merge_group: { head_ref: ref } });
const found: [string, unknown, EventPull][] = [
  [
    "pull_request",
    { pull_request: { number: 7, head: { sha, repo: null } } },
    { ok: true, number: 7, head: sha },
  ],
  ["pull_request_target", { pull_request: { number: 7, head: { sha } } }, { ok: true, number: 7, head: sha }],
  ["issue_comment", { issue: { number: 7, pull_request: {} } }, { ok: true, number: 7, head: null }],
  [
    "merge_group",
    queued(`refs/heads/gh-readonly-queue/main/pr-7-${sha}`),
    { ok: true, number: 7, head: null },
  ],
  [
    "merge_group",
    queued(`refs/heads/gh-readonly-queue/a/pr-1-${sha}/pr-7-${sha}`),
    { ok: true, number: 7, head: null },
  ],
];

test.each(found)("%s names its pull request", (name, payload, expected) => {
  expect(pullOfEvent(name, payload)).toEqual(expected);
});

const refused: [string, string, unknown][] = [
  ["no pull request", "pull_request", {}],
  ["a number that is text", "pull_request", { pull_request: { number: "7", head: { sha } } }],
  ["a number that is none", "pull_request", { pull_request: { number: -1, head: { sha } } }],
  ["no head", "pull_request", { pull_request: { number: 7 } }],
  ["a comment on an issue", "issue_comment", { issue: { number: 7 } }],
  ["a branch of another name", "merge_group", queued(`refs/heads/pr-7-${sha}`)],
  ["a branch without its commit", "merge_group", queued("refs/heads/gh-readonly-queue/main/pr-7-x")],
  ["another event", "push", { pull_request: { number: 7, head: { sha } } }],
  ["no event", "", null],
];

test.each(refused)("%s is refused", (_, name, payload) => {
  expect(pullOfEvent(name, payload)).toEqual({ ok: false, why: expect.stringMatching(/^[^\n]+$/) });
});

test("any payload gives an answer", () => {
  const names = fc.constantFrom("pull_request", "issue_comment", "merge_group", "push");
  fc.assert(
    fc.property(names, fc.jsonValue(), (name, payload) => typeof pullOfEvent(name, payload).ok === "boolean"),
  );
});
