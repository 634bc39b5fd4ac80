import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type GitSide, startGitSide } from "../../hosts/sandbox-git.ts";

const PROTECTED = {
  protection: [{ branch: "main", checks: [{ context: "sallyport", app: "sallyport" }] }],
};

let side: GitSide;
let number = 0;

/** A pull request with one new file, by the writer. */
async function openPull(branch: string, text = "text\n"): Promise<{ number: number; head: string }> {
  await side.commit(branch, `${branch}.txt`, text);
  const fields = { title: `About ${branch}`, head: branch, base: "main" };
  const { status, body } = await side.call("writer", "POST", "pulls", fields);
  expect(status).toBe(201);
  number = body.number;
  return { number: body.number, head: body.head.sha };
}

async function report(slug: "sallyport" | "other", sha: string, conclusion?: string, name = "sallyport") {
  const run = {
    name,
    head_sha: sha,
    ...(conclusion === undefined ? { status: "in_progress" } : { conclusion }),
  };
  expect((await side.call(await side.tokenOf(slug), "POST", "check-runs", run)).status).toBe(201);
}

function merge(token: string | null, body: object = {}) {
  return side.call(token, "PUT", `pulls/${number}/merge`, body);
}

async function standing() {
  const { body } = await side.call("writer", "GET", `pulls/${number}`);
  return [body.mergeable, body.mergeable_state];
}

describe("a branch that requires the App's check", () => {
  beforeAll(async () => {
    side = await startGitSide(PROTECTED);
  });
  afterAll(() => side.close());

  test("T063, T064: lets nothing in until that check, by that App, on that commit, is good", async () => {
    const { head } = await openPull("gated");
    const refused = async (message: string, state: string) => {
      expect(await merge("writer")).toMatchObject({ status: 405, body: { message } });
      expect(await standing()).toEqual([true, state]);
    };
    await refused('Required status check "sallyport" is expected.', "blocked");
    await report("other", head, "success");
    await refused('Required status check "sallyport" is expected.', "blocked");
    const status = { context: "sallyport", state: "success" };
    expect((await side.call("writer", "POST", `statuses/${head}`, status)).status).toBe(201);
    await refused('Required status check "sallyport" is expected.', "blocked");
    await report("sallyport", head);
    await refused('Required status check "sallyport" is in progress.', "blocked");
    await report("sallyport", head, "failure");
    await refused('Required status check "sallyport" is failing.', "blocked");
    await report("sallyport", head, "success");
    expect(await standing()).toEqual([true, "clean"]);
    const merged = await merge("writer", { sha: head });
    expect(merged).toMatchObject({ status: 200, body: { merged: true } });
    const { body } = await side.call(null, "GET", `pulls/${number}`);
    expect(body).toMatchObject({ state: "closed", merged: true, merge_commit_sha: merged.body.sha });
    expect((await side.call(null, "GET", "git/ref/heads/main")).body.object.sha).toBe(merged.body.sha);
    expect((await side.call(null, "GET", `pulls/${number}/merge`)).status).toBe(204);
  });

  test("forgets a good check when the head moves", async () => {
    const { head } = await openPull("moving");
    await report("sallyport", head, "success");
    await side.commit("moving", "later.txt", "later\n");
    expect((await merge("writer")).status).toBe(405);
  });

  test("takes the App's own status for its check", async () => {
    const { head } = await openPull("by-status");
    const status = { context: "sallyport", state: "success" };
    await side.call(await side.tokenOf("sallyport"), "POST", `statuses/${head}`, status);
    expect((await merge("writer")).status).toBe(200);
  });

  test.each<[string, () => Promise<string | null>, number]>([
    ["an administrator", async () => "admin", 405],
    ["a reader", async () => "reader", 403],
    ["an outsider", async () => "outsider", 403],
    ["nobody", async () => null, 401],
    ["an App without contents: write", () => side.tokenOf("other", { permissions: { pull_requests: "write" } }), 403],
  ])("is not opened by %s", async (title, token, status) => {
    await openPull(title.replaceAll(/\W/g, "-"));
    expect((await merge(await token())).status).toBe(status);
  });

  test("takes no direct change, by REST as little as by git", async () => {
    const change = { message: "m", content: "eA==" };
    expect((await side.call("admin", "PUT", "contents/x.txt", change)).status).toBe(409);
    const { head } = await openPull("sideways");
    expect((await side.call("admin", "PATCH", "git/refs/heads/main", { sha: head })).status).toBe(422);
    const forced = { sha: head, force: true };
    expect((await side.call("admin", "PATCH", "git/refs/heads/main", forced)).status).toBe(422);
    expect((await side.call("admin", "DELETE", "git/refs/heads/main")).status).toBe(422);
  });

  test("shows the rule to whoever asks", async () => {
    const rule = await side.call("admin", "GET", "branches/main/protection");
    expect(rule.body.required_status_checks.checks).toEqual([{ context: "sallyport", app_id: 4001 }]);
    expect((await side.call("writer", "GET", "branches/main/protection")).status).toBe(403);
    const rules = await side.call("writer", "GET", "rules/branches/main");
    expect(rules.body).toContainEqual(
      expect.objectContaining({
        type: "required_status_checks",
        parameters: expect.objectContaining({
          required_status_checks: [{ context: "sallyport", integration_id: 4001 }],
        }),
      }),
    );
    expect((await side.call(null, "GET", "branches/main")).body.protected).toBe(true);
    expect((await side.call(null, "GET", "rulesets")).body).toHaveLength(1);
    const ruleset = `rulesets/${rules.body[0].ruleset_id}`;
    expect((await side.call("admin", "GET", ruleset)).body).toMatchObject({ bypass_actors: [] });
    expect((await side.call("writer", "GET", ruleset)).body).not.toHaveProperty("bypass_actors");
    const other = await side.call("admin", "GET", "branches/gated/protection");
    expect(other).toMatchObject({ status: 404, body: { message: "Branch not protected" } });
  });
});

describe("a branch that requires reviews and an up-to-date head", () => {
  beforeAll(async () => {
    side = await startGitSide();
    const settings = {
      required_status_checks: { strict: true, contexts: [] },
      enforce_admins: false,
      required_pull_request_reviews: { required_approving_review_count: 1, dismiss_stale_reviews: true },
      restrictions: null,
    };
    expect((await side.call("admin", "PUT", "branches/main/protection", settings)).status).toBe(200);
  });
  afterAll(() => side.close());

  const review = (token: string, event: string) =>
    side.call(token, "POST", `pulls/${number}/reviews`, { event, body: "Read." });

  test("counts only approvals that mean something", async () => {
    await openPull("reviewed");
    expect((await review("writer", "APPROVE")).status).toBe(422);
    expect((await review("reader", "APPROVE")).status).toBe(200);
    expect((await merge("writer")).body.message).toMatch(/^At least 1 approving review/);
    expect((await review("admin", "REQUEST_CHANGES")).status).toBe(200);
    expect((await merge("writer")).body.message).toMatch(/^Changes have been requested/);
    const approval = await review("admin", "APPROVE");
    expect(approval.body.state).toBe("APPROVED");
    expect((await review("admin", "COMMENT")).body.state).toBe("COMMENTED");
    expect(await standing()).toEqual([true, "clean"]);
    const dismissal = { message: "Not any more" };
    const dismiss = `pulls/${number}/reviews/${approval.body.id}/dismissals`;
    expect((await side.call("reader", "PUT", dismiss, dismissal)).status).toBe(403);
    expect((await side.call("writer", "PUT", dismiss, dismissal)).body.state).toBe("DISMISSED");
    expect((await merge("writer")).status).toBe(405);
  });

  test("forgets an approval when the head moves, and asks for the newest base", async () => {
    await openPull("stale");
    await review("admin", "APPROVE");
    await side.commit("stale", "more.txt", "more\n");
    expect((await merge("writer")).body.message).toMatch(/^At least 1 approving review/);
    await review("admin", "APPROVE");
    await side.commit("main", "base.txt", "base\n");
    expect(await standing()).toEqual([true, "behind"]);
    expect((await merge("writer")).status).toBe(405);
    const updated = await side.call("writer", "PUT", `pulls/${number}/update-branch`, {});
    expect(updated.status).toBe(202);
    await review("admin", "APPROVE");
    expect((await merge("writer")).status).toBe(200);
  });

  test("is open to an administrator whom it does not bind", async () => {
    await openPull("bypassed");
    expect((await merge("writer")).status).toBe(405);
    expect((await merge("admin")).status).toBe(200);
  });
});

describe("ways of merging", () => {
  beforeAll(async () => {
    side = await startGitSide();
  });
  afterAll(() => side.close());

  const commitOf = async (sha: string) => (await side.call(null, "GET", `git/commits/${sha}`)).body;

  test("merge keeps both parents", async () => {
    const base = (await side.call(null, "GET", "git/ref/heads/main")).body.object.sha;
    const { head } = await openPull("merged");
    const commit = await commitOf((await merge("writer")).body.sha);
    expect(commit.parents.map(({ sha }: { sha: string }) => sha)).toEqual([base, head]);
    expect(commit.message).toBe(`Merge pull request #${number} from acme/merged\n\nAbout merged`);
  });

  test("squash makes one commit of many", async () => {
    await side.commit("squashed", "one.txt", "1\n");
    await openPull("squashed");
    const commit = await commitOf((await merge("writer", { merge_method: "squash" })).body.sha);
    expect(commit.parents).toHaveLength(1);
    expect(commit.message).toBe(`About squashed (#${number})\n\n* Change one.txt\n\n* Change squashed.txt`);
  });

  test("rebase carries each commit over", async () => {
    await side.commit("rebased", "two.txt", "2\n");
    await openPull("rebased");
    await side.commit("main", "meanwhile.txt", "m\n");
    expect((await merge("writer", { merge_method: "rebase" })).status).toBe(200);
    const { body } = await side.call(null, "GET", "commits?per_page=3");
    expect(body.map(({ commit }: { commit: { message: string } }) => commit.message)).toEqual([
      "Change rebased.txt",
      "Change two.txt",
      "Change meanwhile.txt",
    ]);
  });

  test("a conflict is seen beforehand and refused", async () => {
    await openPull("clash");
    await side.commit("main", "clash.txt", "other\n");
    expect(await standing()).toEqual([false, "dirty"]);
    for (const merge_method of ["merge", "squash", "rebase"]) {
      const refused = await merge("writer", { merge_method });
      expect(refused).toMatchObject({ status: 405, body: { message: "Pull Request is not mergeable" } });
    }
  });

  test("a head other than the one meant is refused", async () => {
    await openPull("precondition");
    const refused = await merge("writer", { sha: "0".repeat(40) });
    expect(refused.status).toBe(409);
    expect(refused.body.message).toMatch(/^Head branch was modified/);
  });

  test("what is merged or closed is not merged again", async () => {
    await openPull("once");
    expect((await merge("writer")).status).toBe(200);
    expect((await merge("writer")).status).toBe(405);
  });

  test("a check that nobody requires makes it unstable only", async () => {
    const { head } = await openPull("unstable");
    await report("other", head, "failure", "lint");
    expect(await standing()).toEqual([true, "unstable"]);
    expect((await merge("writer")).status).toBe(200);
  });
});
