import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { git, people } from "../../app/demo/governed.ts";
import { runAction, runProgram } from "../../app/demo/hosts.ts";
import { readGitLedger } from "../../collect/ledger/ledger.ts";
import { sha256 } from "../../core/digest.ts";
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

/** The Action as a real process and the command line: both give the App's verdict, byte for byte. */
async function expectSameVerdict(pull: { number: number; sha: string }): Promise<void> {
  const { token } = people.lena;
  const apiUrl = journey.sandbox.url;
  const env = { PATH: process.env.PATH };
  const action = await waitUntil("the Action's verdict to be the App's", async () => {
    const run = await runAction({ ...pull, apiUrl, token }, journey.dir, env);
    const shown = (await journey.seen.checks(pull.sha)).find((check) => check.name === "sallyport");
    return sha256(run.verdict) === shown?.externalId ? run : null;
  });
  const args = ["check", "--pr", `acme/governed#${pull.number}`, "--json"];
  const command = await runProgram(
    "sallyport",
    args,
    { ...env, GITHUB_TOKEN: token, GITHUB_API_URL: apiUrl },
    journey.dir,
  );
  expect(command.out).toBe(action.verdict);
  expect(command.code).toBe(2);
}

const checkOf = async (sha: string, status: string, conclusion: string | null) =>
  (await journey.seen.checks(sha)).find(
    (check) => check.name === "sallyport" && check.status === status && check.conclusion === conclusion,
  );

test("from a labelled story to a merged, evidenced, signed-off change and a closed epic, by webhooks alone", async () => {
  const { lena, quinn, seen } = journey;
  const { epic, story } = await openStory(journey);
  const digest = await askForPlan(journey, story);
  await waitUntil("the label to be taken off", async () => !(await seen.issue(story)).labels.includes("ai:plan"));

  // Separation of duties: the one who asked cannot approve; a stranger's digest is refused.
  await lena.comment(story, `/approve ${digest}`);
  await quinn.comment(story, `/approve ${"0".repeat(64)}`);
  await waitUntil("both refusals", async () => {
    const text = (await seen.comments(story)).join("\n");
    return text.includes("You asked for this plan") && text.includes("not the current one");
  });
  await quinn.comment(story, `/approve ${digest}`);
  const prompts = await waitUntil("the prompts", async () => {
    const children = await seen.children(story);
    return children.length === 2 && (await seen.issue(story)).labels.includes("sallyport:ready") ? children : null;
  });
  expect((await seen.children(epic)).map((child) => child.number)).toEqual([story]);

  await lena.label(story, "ai:run");
  const pulls: number[] = [];
  for (const prompt of prompts) {
    const pull = await waitUntil("the pull request", async () => (await seen.openPulls())[0]);
    pulls.push(pull.number);
    expect(pull.branch).toBe(`sallyport/run-${story}-1/${prompt.number}`);
    await waitUntil("the waiting check", async () => {
      const shown = await checkOf(pull.sha, "in_progress", null);
      return shown !== undefined && /waiting/i.test(shown.title);
    });
    expect((await lena.merge(pull.number, pull.sha)).ok).toBe(false);
    await expectSameVerdict(pull);

    // The one who submitted the run does not sign off; nor does a short or an older commit count.
    await lena.comment(pull.number, `/sign-off ${pull.sha} pass manual`);
    await quinn.comment(pull.number, `/sign-off ${"0".repeat(40)} pass manual`);
    await waitUntil("both refusals", async () => {
      const text = (await seen.comments(pull.number)).join("\n");
      return /You signed 0{40}/.test(text) && /You asked for this change/.test(text);
    });
    await waitUntil("CI", async () =>
      (await seen.checks(pull.sha)).find((check) => check.name === "test" && check.status === "completed"),
    );
    await quinn.comment(pull.number, `/sign-off ${pull.sha} pass manual\nEnvironment: my desk\nIt works.`);
    await waitUntil("the green check", () => checkOf(pull.sha, "completed", "success"));
    await waitUntil("the merge", async () => (await lena.merge(pull.number, pull.sha)).ok);
  }
  for (const number of [story, epic]) {
    await waitUntil(`#${number} closed`, async () => {
      const { state, labels } = await seen.issue(number);
      return state === "closed" && labels.includes("sallyport:complete");
    });
  }

  // GitHub's side: one sticky comment an issue, both prompts closed, the summary links the evidence.
  for (const number of [story, ...pulls]) {
    expect((await seen.comments(number)).filter((comment) => comment.includes("sallyport:sticky"))).toHaveLength(1);
  }
  expect((await seen.children(story)).map((child) => child.state)).toEqual(["closed", "closed"]);
  expect((await seen.comments(story)).some((comment) => comment.includes("sallyport/evidence"))).toBe(true);

  // The ledger's side: exported, verified from a fresh clone with one key, every act in its place.
  const kinds = await waitUntil("the exported ledger", async () => {
    const clone = `${journey.dir}/clone-${Date.now()}`;
    await git(journey.dir, ["clone", "--quiet", "--mirror", journey.cloneUrl, clone]);
    const ledger = await readGitLedger(clone);
    const read = ledger.known && ledger.value !== null ? readSegments(ledger.value.files) : null;
    if (read === null || !read.ok) return null;
    const report = verifyChain(read.lines, [{ key: journey.key.publicKey }]);
    expect(report.problems).toEqual([]);
    const found = read.lines.flatMap((line) => {
      const entry = readEntry(line);
      return entry.ok ? [entry.entry.kind] : [];
    });
    return found.includes("epic.completed") ? found : null;
  });
  const count = (kind: string) => kinds.filter((one) => one === kind).length;
  expect(count("approval.granted")).toBe(1);
  for (const kind of [
    "prompt.recorded",
    "response.recorded",
    "evidence.captured",
    "change.committed",
    "pull.opened",
    "sign-off.given",
    "evidence.sealed",
    "merge.observed",
    "source.verified",
    "prompt.completed",
  ]) {
    expect([kind, count(kind)]).toEqual([kind, 2]);
  }
  expect(kinds.indexOf("prompt.recorded")).toBeLessThan(kinds.indexOf("response.recorded"));
  expect(kinds.indexOf("evidence.captured")).toBeLessThan(kinds.indexOf("change.committed"));
  expect(kinds.indexOf("change.committed")).toBeLessThan(kinds.indexOf("pull.opened"));
  expect(count("incident.raised")).toBe(0);

  // Anyone with a clone derives the run again, with the keys of the clone's own policy: nothing differs.
  const clone = `${journey.dir}/replayed`;
  await git(journey.dir, ["clone", "--quiet", "--mirror", journey.cloneUrl, clone]);
  const replay = await runProgram(
    "sallyport",
    ["replay", `run-${story}-1`, clone, "--json"],
    { PATH: process.env.PATH },
    journey.dir,
  );
  expect({ code: replay.code, err: replay.err }).toEqual({ code: 0, err: "" });
  const { ok, counts, differences } = JSON.parse(replay.out);
  expect({ ok, differs: counts.differs, missing: counts.missing, differences }).toEqual({
    ok: true,
    differs: 0,
    missing: 0,
    differences: [],
  });
  expect(counts.same).toBeGreaterThan(20);
}, 280_000);

test("all that was asked of GitHub, answered and sent is as GitHub's own description has it", async () => {
  // A route that the sandbox lacks would look like "not found": nothing may have asked for one.
  expect(journey.sandbox.requests().filter((request) => request.route === "")).toEqual([]);
  expect(await journey.watch.problems()).toEqual([]);
});
