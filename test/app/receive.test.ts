import { describe, expect, test } from "@jest/globals";
import { nameSubjects } from "../../app/receive.ts";

const repository = { id: 5 };
const ref = `refs/heads/gh-readonly-queue/main/pr-12-${"b".repeat(40)}`;
const group = { kind: "group", repository: 5, number: 12, ref };

describe("T073: a merge group's webhook", () => {
  test.each(["checks_requested", "destroyed"])("%s names the group", (action) => {
    const payload = { action, repository, merge_group: { head_ref: ref, head_sha: "a".repeat(40) } };
    expect(nameSubjects("merge_group", payload)).toEqual({ subjects: [group], searches: [] });
  });

  test.each([
    ["of another form", { merge_group: { head_ref: "refs/heads/main" } }],
    ["without its branch", { merge_group: {} }],
    ["without a repository", { merge_group: { head_ref: ref }, repository: undefined }],
  ])("%s names nothing", (_, parts) => {
    expect(nameSubjects("merge_group", { repository, ...parts })).toEqual({ subjects: [], searches: [] });
  });
});

describe("a check's webhook", () => {
  const sha = "a".repeat(40);
  const run = (name: string, action: string) => ({ action, repository, check_run: { name, head_sha: sha } });
  const search = [{ repository: 5, sha }];
  test.each<[string, string, object, object[]]>([
    ["another app's check that ended", "check_run", run("test", "completed"), search],
    ["our own, which we wrote", "check_run", run("sallyport", "completed"), []],
    ["T084: our own, asked for again by a person", "check_run", run("sallyport", "rerequested"), search],
    [
      "T084: our suite, asked for again",
      "check_suite",
      { action: "rerequested", repository, check_suite: { head_sha: sha } },
      search,
    ],
    [
      "a suite that ended",
      "check_suite",
      { action: "completed", repository, check_suite: { head_sha: sha } },
      [],
    ],
  ])("%s", (_, event, payload, searches) => {
    expect(nameSubjects(event, payload)).toEqual({ subjects: [], searches });
  });
});

describe("T066 T067: a pull request is looked at whatever its webhook says happened", () => {
  const pull = { number: 7, base: { ref: "main" }, head: { sha: "a".repeat(40) } };
  test.each<[string, string, object]>([
    [
      "its base was changed",
      "pull_request",
      { action: "edited", changes: { base: { ref: { from: "own" } } } },
    ],
    ["it was pushed to", "pull_request", { action: "synchronize" }],
    ["a review of it was dismissed", "pull_request_review", { action: "dismissed", review: { id: 1 } }],
    ["something that we never heard of", "pull_request", { action: "unheard-of" }],
  ])("%s", (_, event, payload) => {
    expect(nameSubjects(event, { repository, pull_request: pull, ...payload })).toEqual({
      subjects: [{ kind: "pull", repository: 5, number: 7 }],
      searches: [],
    });
  });
});

describe("T069: a push", () => {
  const main = "refs/heads/main";
  const pushed = (to: string) => nameSubjects("push", { repository, ref: to }, main).searches;

  test("to the default branch asks for all that is open", () => {
    expect(pushed(main)).toEqual([{ repository: 5, sha: null }]);
  });

  test("of a tag asks for nothing", () => {
    expect(pushed("refs/tags/main")).toEqual([]);
  });

  test("to another branch asks for what would enter it, such as the upper layer of a stack", () => {
    expect(pushed("refs/heads/release/1.x")).toEqual([{ repository: 5, sha: null, base: "release/1.x" }]);
  });
});
