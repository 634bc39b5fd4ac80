import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { git, people } from "../../app/demo/governed.ts";
import { headOf } from "../../app/store/chain.ts";
import { readGitLedger } from "../../collect/ledger/ledger.ts";
import { readSegments } from "../../core/ledger/branch.ts";
import { readEntry } from "../../core/ledger/entry.ts";
import { verifyChain } from "../../core/ledger/verify.ts";
import { type Journey, startJourney } from "../hosts/demo-world.ts";
import { askForPlan, openStory } from "../hosts/story-steps.ts";
import { waitUntil } from "../hosts/until.ts";

let journey: Journey;
beforeAll(async () => {
  journey = await startJourney();
}, 60_000);
afterAll(() => journey.close(), 30_000);

/** The lines of the published ledger, verified with the one key. */
async function published(): Promise<string[]> {
  const clone = `${journey.dir}/clone-${Math.random()}`;
  await git(journey.dir, ["clone", "--quiet", "--mirror", journey.cloneUrl, clone]);
  const ledger = await readGitLedger(clone);
  const read = ledger.known && ledger.value !== null ? readSegments(ledger.value.files) : null;
  if (read === null || !read.ok) return [];
  expect(verifyChain(read.lines, [{ key: journey.key.publicKey }]).problems).toEqual([]);
  return read.lines;
}

/** Everything decided is done and everything recorded is published, so that nothing is lost with the database. */
async function settled(): Promise<string[]> {
  const { db } = journey.service().database;
  return waitUntil("a quiet server", async () => {
    const open = await db.selectFrom("effects").select("id").where("status", "in", ["todo", "doing"]).execute();
    const chain = await db.selectFrom("chains").select("repository").executeTakeFirst();
    const head = chain === undefined ? null : await headOf(db, chain.repository);
    const lines = await published();
    return open.length === 0 && head?.seq === lines.length ? lines : null;
  });
}

const shown = async (sha: string, status: string) =>
  (await journey.seen.checks(sha)).find((check) => check.name === "sallyport" && check.status === status);

test("T167 the server burns down after each half of the road; the ledger and GitHub are enough to go on", async () => {
  const { lena, quinn, seen } = journey;
  const { epic, story } = await openStory(journey);
  const digest = await askForPlan(journey, story);
  // An approval that is still to be given survives.
  const before = await settled();
  await journey.burnDown();
  await quinn.comment(story, `/approve ${digest}`);
  await waitUntil("the prompts", async () => (await seen.children(story)).length === 2);
  await waitUntil("ready", async () => (await seen.issue(story)).labels.includes("sallyport:ready"));
  expect((await published()).slice(0, before.length)).toEqual(before);

  await lena.label(story, "ai:run");
  for (const index of [1, 2]) {
    const pull = await waitUntil(`pull request ${index}`, async () => (await seen.openPulls())[0]);
    await waitUntil("the waiting check", () => shown(pull.sha, "in_progress"));
    await waitUntil("CI", async () =>
      (await seen.checks(pull.sha)).find((check) => check.name === "test" && check.status === "completed"),
    );
    await quinn.comment(pull.number, `/sign-off ${pull.sha} pass manual\nIt works.`);
    await waitUntil("the green check", () => shown(pull.sha, "completed"));
    await approve(pull.number, pull.sha);
    // A sign-off that was given survives: the check stays green and the pull request merges.
    if (index === 1) {
      await waitUntil("the review in the ledger", async () =>
        (await settled()).some((line) => kindOf(line) === "review.observed"),
      );
      await journey.burnDown();
    }
    await waitUntil("the merge", async () => (await lena.merge(pull.number, pull.sha)).ok);
  }
  for (const number of [story, epic])
    await waitUntil(`#${number} closed`, async () => (await seen.issue(number)).state === "closed");

  // As if nothing had happened: each act is in the ledger once, and GitHub shows each thing once.
  const lines = await waitUntil("the last entry", async () => {
    const found = await settled();
    return found.some((line) => kindOf(line) === "epic.completed") ? found : null;
  });
  const kinds = lines.map(kindOf);
  const counts = Object.fromEntries(
    [...new Set(kinds)].map((kind) => [kind, kinds.filter((one) => one === kind).length]),
  );
  expect(counts).toMatchObject({
    "plan.proposed": 1,
    "approval.granted": 1,
    "contract.frozen": 1,
    "run.submitted": 1,
    "prompt.opened": 2,
    "prompt.recorded": 2,
    "response.recorded": 2,
    "change.committed": 2,
    "pull.opened": 2,
    "sign-off.given": 2,
    "review.observed": 2,
    "evidence.sealed": 2,
    "merge.observed": 2,
    "source.verified": 2,
    "prompt.completed": 2,
    "run.closed": 1,
    "story.completed": 1,
    "epic.completed": 1,
  });
  expect(await seen.children(story)).toHaveLength(2);
  const stickies = (await seen.comments(story)).filter((comment) => comment.includes("sallyport:sticky"));
  expect(stickies).toHaveLength(1);
}, 400_000);

/** Quinn approves a commit by a review. */
async function approve(pull: number, sha: string): Promise<void> {
  const answer = await fetch(`${journey.sandbox.url}/repos/acme/governed/pulls/${pull}/reviews`, {
    method: "POST",
    headers: { authorization: `Bearer ${people.quinn.token}` },
    body: JSON.stringify({ event: "APPROVE", commit_id: sha }),
  });
  expect(answer.status).toBe(200);
}

function kindOf(line: string): string {
  const entry = readEntry(line);
  return entry.ok ? entry.entry.kind : "";
}
