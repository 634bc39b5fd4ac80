import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { type EventSubject, subjectOfEvent } from "../../action/event.ts";

const sha = "a".repeat(40);
const queued = (ref: string, head: unknown = sha) => ({ merge_group: { head_ref: ref, head_sha: head } });
const ended = (over: object = {}) => ({
  repository: { id: 1 },
  workflow_run: {
    head_sha: sha,
    head_branch: "idea",
    head_repository: { id: 2, owner: { login: "mallory" } },
    ...over,
  },
});
const ours = { id: 1, owner: { login: "acme" } };
const found: [string, unknown, EventSubject][] = [
  ["pull_request", { pull_request: { number: 7, head: { sha, repo: null } } }, { kind: "pull", number: 7, head: sha }],
  ["pull_request_target", { pull_request: { number: 7, head: { sha } } }, { kind: "pull", number: 7, head: sha }],
  ["issue_comment", { issue: { number: 7, pull_request: {} } }, { kind: "pull", number: 7, head: null }],
  [
    "merge_group",
    queued(`refs/heads/gh-readonly-queue/main/pr-7-${sha}`),
    { kind: "group", ref: `refs/heads/gh-readonly-queue/main/pr-7-${sha}`, head: sha },
  ],
  [
    "merge_group",
    queued(`refs/heads/gh-readonly-queue/a/pr-1-${sha}/pr-7-${sha}`),
    { kind: "group", ref: `refs/heads/gh-readonly-queue/a/pr-1-${sha}/pr-7-${sha}`, head: sha },
  ],
  ["workflow_run", ended(), { kind: "branch", owner: "mallory", branch: "idea", head: sha }],
  [
    "workflow_run",
    ended({ head_branch: `gh-readonly-queue/main/pr-7-${sha}`, head_repository: ours }),
    { kind: "group", ref: `refs/heads/gh-readonly-queue/main/pr-7-${sha}`, head: sha },
  ],
];

test("A2: a fork's branch named as a queue's is no merge group, or no review would turn a green status back", () => {
  const branch = `gh-readonly-queue/main/pr-7-${sha}`;
  const expected = { kind: "branch", owner: "mallory", branch, head: sha };
  expect(subjectOfEvent("workflow_run", ended({ head_branch: branch }))).toEqual({ known: true, value: expected });
});

test.each(found)("%s names what it is about", (name, payload, expected) => {
  expect(subjectOfEvent(name, payload)).toEqual({ known: true, value: expected });
});

const refused: [string, string, unknown][] = [
  ["no pull request", "pull_request", {}],
  ["a number that is text", "pull_request", { pull_request: { number: "7", head: { sha } } }],
  ["a number that is none", "pull_request", { pull_request: { number: -1, head: { sha } } }],
  ["no head", "pull_request", { pull_request: { number: 7 } }],
  ["a comment on an issue", "issue_comment", { issue: { number: 7 } }],
  ["a branch of another name", "merge_group", queued(`refs/heads/pr-7-${sha}`)],
  ["a branch without its commit", "merge_group", queued("refs/heads/gh-readonly-queue/main/pr-7-x")],
  ["no head", "merge_group", queued(`refs/heads/gh-readonly-queue/main/pr-7-${sha}`, null)],
  [
    "T202 a review, whose workflow file is the pull request's own,",
    "pull_request_review",
    { pull_request: { number: 7, head: { sha } } },
  ],
  [
    "T202 a comment in a review, likewise,",
    "pull_request_review_comment",
    { pull_request: { number: 7, head: { sha } } },
  ],
  ["a run for a fork that is gone", "workflow_run", ended({ head_repository: null })],
  ["a run for no branch", "workflow_run", ended({ head_branch: null })],
  ["T136 a dispatch by whoever may write", "workflow_dispatch", { inputs: { "pull-request": "7" } }],
  ["T136 a dispatch from outside", "repository_dispatch", { client_payload: { pull_request: { number: 7 } } }],
  [
    "T138 a run that names pull requests alone, whoever began it",
    "workflow_run",
    { workflow_run: { pull_requests: [{ number: 7 }] } },
  ],
  ["another event", "push", { pull_request: { number: 7, head: { sha } } }],
  ["no event", "", null],
];

test.each(refused)("%s is refused", (_, name, payload) => {
  expect(subjectOfEvent(name, payload)).toEqual({ known: false, why: expect.stringMatching(/^[^\n]+$/) });
});

test("any payload gives an answer", () => {
  const names = fc.constantFrom("pull_request", "issue_comment", "merge_group", "workflow_run", "push");
  fc.assert(
    fc.property(names, fc.jsonValue(), (name, payload) => typeof subjectOfEvent(name, payload).known === "boolean"),
  );
});
