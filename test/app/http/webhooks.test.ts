import { createRequire } from "node:module";
import { describe, expect, test } from "@jest/globals";
import type { EmitterWebhookEvent } from "@octokit/webhooks";
import { nameSubjects } from "../../../app/http/webhooks.ts";

const repository = { id: 5, default_branch: "main" };
/** What an event names of which only these parts are given: whoever sends it may leave out the rest. */
const namedBy = (name: string, payload: object) => nameSubjects({ id: "1", name, payload } as EmitterWebhookEvent);
const ref = `refs/heads/gh-readonly-queue/main/pr-12-${"b".repeat(40)}`;
const group = { kind: "group", repository: 5, number: 12, ref };

describe("T073: a merge group's webhook", () => {
  test.each(["checks_requested", "destroyed"])("%s names the group", (action) => {
    const payload = { action, repository, merge_group: { head_ref: ref, head_sha: "a".repeat(40) } };
    expect(namedBy("merge_group", payload)).toEqual({ subjects: [group], searches: [] });
  });

  test.each([
    ["of another form", { merge_group: { head_ref: "refs/heads/main" } }],
    ["whose name the store cannot hold", { merge_group: { head_ref: ref.replace("main", "a\u0000b") } }],
    ["without its branch", { merge_group: {} }],
    ["without a repository", { merge_group: { head_ref: ref }, repository: undefined }],
  ])("%s names nothing", (_, parts) => {
    expect(namedBy("merge_group", { repository, ...parts })).toEqual({ subjects: [], searches: [] });
  });
});

describe("U4: an installation's webhook names the repositories that it adds or takes away, and no other", () => {
  const repositories = [{ id: 5 }, { id: 6 }];
  const subjects = [5, 6].map((one) => ({ kind: "repository", repository: one, number: one }));
  test.each<[string, string, object, object[]]>([
    ["a new one", "installation", { action: "created", repositories }, subjects],
    ["more", "installation_repositories", { action: "added", repositories_added: repositories }, subjects],
    ["fewer", "installation_repositories", { action: "removed", repositories_removed: repositories }, subjects],
    ["it no longer", "installation", { action: "deleted", repositories }, subjects],
    ["suspended", "installation", { action: "suspend", repositories }, []],
    ["one without its list", "installation", { action: "created" }, []],
  ])("%s", (_, event, payload, named) => {
    expect(namedBy(event, payload)).toEqual({ subjects: named, searches: [] });
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
    ["a suite that ended", "check_suite", { action: "completed", repository, check_suite: { head_sha: sha } }, []],
  ])("%s", (_, event, payload, searches) => {
    expect(namedBy(event, payload)).toEqual({ subjects: [], searches });
  });
});

describe("T066 T067 T234: a pull request is looked at whatever its webhook says happened", () => {
  const pull = { number: 7, base: { ref: "main" }, head: { sha: "a".repeat(40) } };
  test.each<[string, string, object]>([
    ["its base was changed", "pull_request", { action: "edited", changes: { base: { ref: { from: "own" } } } }],
    ["it was pushed to", "pull_request", { action: "synchronize" }],
    ["a review of it was dismissed", "pull_request_review", { action: "dismissed", review: { id: 1 } }],
    ["something that we never heard of", "pull_request", { action: "unheard-of" }],
  ])("%s", (_, event, payload) => {
    expect(namedBy(event, { repository, pull_request: pull, ...payload })).toEqual({
      subjects: [{ kind: "pull", repository: 5, number: 7 }],
      searches: [],
    });
  });
});

describe("T069: a push", () => {
  const pushed = (to: string) => namedBy("push", { repository, ref: to }).searches;

  test("to the default branch asks for all that is open", () => {
    expect(pushed("refs/heads/main")).toEqual([{ repository: 5, sha: null }]);
  });

  test("of a tag asks for nothing", () => {
    expect(pushed("refs/tags/main")).toEqual([]);
  });

  test.each(["a\u0000b", "a\ud800"])(
    "to %j, which the store cannot hold and no branch is called, asks for nothing",
    (to) => {
      expect(pushed(`refs/heads/${to}`)).toEqual([]);
    },
  );

  test("to another branch asks for what would enter it, such as the upper layer of a stack", () => {
    expect(pushed("refs/heads/release/1.x")).toEqual([{ repository: 5, sha: null, base: "release/1.x" }]);
  });
});

describe("T237 T238: every event of which GitHub publishes examples is read, whatever it is about", () => {
  const published: { name: string; examples: object[] }[] = createRequire(import.meta.url)(
    "@octokit/webhooks-examples",
  );
  test.each(published.map(({ name, examples }) => [name, examples] as const))("%s", (name, examples) => {
    for (const example of examples) {
      const { subjects, searches } = namedBy(name, example);
      for (const { repository, number } of subjects)
        expect([repository, number].every((id) => Number.isInteger(id) && id > 0)).toBe(true);
      for (const { repository, sha } of searches) {
        expect(Number.isInteger(repository)).toBe(true);
        expect(sha).not.toBeUndefined();
      }
    }
  });
});
