import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { waitFor } from "../../../app/demo/acting.ts";
import { sha256 } from "../../../core/digest.ts";
import { Verdict } from "../../../schemas/verdict.ts";
import { startTestService, type TestService } from "../../hosts/app.ts";

let site: TestService;
/** Milliseconds by which GitHub's clock is ahead: it tells times in whole seconds, and every act here has one of its own. */
let ahead = 0;
beforeAll(async () => {
  site = await startTestService({
    policy: 'people: { approvers: ["@quinn"] }\ngates: { review: {}, manual-test: { when: { always: true } } }\n',
    clock: () => Date.now() + ahead,
  });
}, 60_000);
afterAll(() => site.close(), 30_000);

const as: TestService["as"] = (...asked) => {
  ahead += 2_000;
  return site.as(...asked);
};

/** A file on a new branch, on top of another one. */
async function branchOff(from: string, branch: string): Promise<void> {
  const tip = await as("lena", "GET", `git/ref/heads/${from}`);
  await as("lena", "POST", "git/refs", { ref: `refs/heads/${branch}`, sha: tip.object.sha });
  const content = Buffer.from(`${branch}\n`).toString("base64");
  await as("lena", "PUT", `contents/${branch}.txt`, { message: "Add a file", branch, content });
}

test("T066: what was given for another base branch does not count for this one, in App and Action alike", async () => {
  await branchOff("main", "topic");
  await branchOff("topic", "feature");
  const opened = { title: "A change", head: "feature", base: "topic" };
  const { number, head } = await as("lena", "POST", "pulls", opened);
  const sha: string = head.sha;
  const give = async () => {
    await as("quinn", "POST", `pulls/${number}/reviews`, { event: "APPROVE", commit_id: sha });
    await as("quinn", "POST", `issues/${number}/comments`, { body: `/sign-off ${sha} pass manual` });
  };
  const pointAt = (base: string) => as("lena", "PATCH", `pulls/${number}`, { base });
  /** The gates that hold it up, once App and Action agree on every byte of the verdict. */
  const held = (what: string, isSettled: (held: string[]) => boolean) =>
    waitFor(
      what,
      async () => {
        const { verdict: text } = await site.runAction({
          pullRequest: `${number}`,
          failOn: "failure",
          event: { name: "workflow_dispatch", text: null },
        });
        if (text === "" || site.checkOn(sha)?.external_id !== sha256(text)) return null;
        const { gates } = Verdict.parse(JSON.parse(text));
        const blocking = gates.filter(({ status }) => status !== "pass" && status !== "not-applicable");
        const codes = blocking.flatMap(({ reasons }) => reasons.map(({ code }) => code));
        return isSettled(codes) ? codes : null;
      },
      60,
    );

  await give();
  await held("green for the own branch", (codes) => codes.length === 0);
  expect(site.checkOn(sha)).toMatchObject({ status: "completed", conclusion: "success" });

  await pointAt("main");
  const after = await held("the verdict for main", (codes) => codes.length > 0);
  expect(after.sort()).toEqual(["not-signed-off", "review-before-retarget"]);
  expect(site.checkOn(sha)).toMatchObject({ status: "in_progress", conclusion: null });

  await give();
  await held("green for main", (codes) => codes.length === 0);
  expect(site.checkOn(sha)).toMatchObject({ status: "completed", conclusion: "success" });

  // The sign-off for the own branch says so in the ledger; a review names no branch.
  await pointAt("topic");
  const back = await held("the verdict for the own branch again", (codes) => codes.length > 0);
  expect(back).toEqual(["review-before-retarget"]);
}, 240_000);
