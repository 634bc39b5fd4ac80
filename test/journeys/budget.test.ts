import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { sql } from "kysely";
import { git, people } from "../../app/demo/governed.ts";
import { nextSecond } from "../../app/demo/road.ts";
import { evidenceBranch } from "../../core/ledger/branch.ts";
import { spentIn } from "../../core/record/spent.ts";
import { expectConformance } from "../conformance/watch.ts";
import { type Journey, startJourney } from "../hosts/demo-world.ts";
import { call } from "../hosts/model-service.ts";
import { done, plan, scriptAgent, write } from "../hosts/scripted-agent.ts";
import { asker, type Json } from "../hosts/store-and-github.ts";
import { approve, askForPlan, openStory } from "../hosts/story-steps.ts";
import { waitUntil } from "../hosts/until.ts";

const model = "claude-sonnet-5-5";
const agent = scriptAgent();
let journey: Journey;
/** A token costs a millionth, so an answer of 30,000 and 30,000 tokens USD 0.06; the next call can cost USD 0.02. */
const agents = (budget: string) =>
  `agents: { model: ${model}, prices: { currency: USD, models: { ${model}: { input: 1, output: 1 } } }, budget: ${budget} }\n`;
beforeAll(async () => {
  journey = await startJourney({ models: agent.start, root: agents("{ story: 0.07 }") });
  const usage = (tokens: number) => ({ usage: { input_tokens: tokens, output_tokens: tokens } });
  agent.service.addFixture({
    match: { systemMessage: "You plan a story" },
    response: { ...call("propose_plan", plan), ...usage(500) },
  });
  const turns = [
    { ...write("hello\n"), ...usage(30_000) },
    { ...done, ...usage(500) },
  ];
  for (const [turnIndex, response] of turns.entries()) agent.service.addFixture({ match: { turnIndex }, response });
}, 60_000);
afterAll(() => journey.close(), 30_000);

const asked = () => agent.service.getRequests().length;
/** What people read on an issue or a pull request. */
const shown = async (story: number) =>
  (await journey.seen.comments(story)).join("\n").replaceAll(/\u200b|\\(?=`)/g, "");
const says = (story: number, text: string) => waitUntil(text, async () => (await shown(story)).includes(text) || null);
/** What the database counts as spent, in millionths. */
async function counted(): Promise<number> {
  const { rows } = await sql<{ sum: string | null }>`select sum(micros) as sum from spending`.execute(
    journey.service().database.db,
  );
  return Number(rows[0]?.sum ?? 0);
}
const recorded = async () => spentIn(await journey.entries()).get("USD") ?? 0;

test("a budget that is used up in the middle ends the work with one line, and the story is ready again once it is raised and approved", async () => {
  const { lena } = journey;
  const { story } = await openStory(journey);
  const first = await askForPlan(journey, story);
  await approve(journey, story, first);
  await lena.label(story, "ai:run");
  const used = "the budget of the story is used up: USD 0.07 of USD 0.07 are spent, and the next call can cost USD 0.0";
  await says(story, `run-${story}-1 failed: ${used}`);
  expect(await shown(story)).toContain("a maintainer raises `agents.budget.story` in the policy");
  expect(await shown(story)).toContain("Next step:\n\nRaise that line of the policy.\n\nWho: a maintainer");
  expect([asked(), await counted(), await recorded()]).toEqual([2, 61_000, 61_000]);

  // A person raises it, and the story is planned and approved under the new policy.
  const policy = ".github/sallyport.yml";
  const ask = asker(journey.sandbox.url, "acme/governed");
  const asLena = (method: string, path: string, body?: unknown): Promise<Json> =>
    ask(people.lena.token.replace(/^ghp_/, ""), method, path, body);
  const { content, sha } = await asLena("GET", `contents/${policy}`);
  const text = Buffer.from(content, "base64").toString("utf8");
  const raised = text.replace(agents("{ story: 0.07 }"), agents("{ story: 1 }"));
  // How a policy is changed by a pull request is another journey.
  const [repository] = journey.sandbox.state.repositories;
  if (repository === undefined) throw new Error("the sandbox has no repository");
  const rules = repository.protection.splice(0);
  await asLena("PUT", `contents/${policy}`, {
    ...{ message: "Raise the budget", sha, content: Buffer.from(raised).toString("base64") },
  });
  repository.protection.push(...rules);
  await says(story, "The policy changed after the approval.");
  await nextSecond();
  await lena.comment(story, "/plan");
  const digest = await waitUntil("the new digest", async () =>
    [...(await shown(story)).matchAll(/^\/approve ([0-9a-f]{64})$/gm)]
      .map(([, one]) => one)
      .find((one) => one !== first),
  );
  await approve(journey, story, digest);
  expect([asked(), await counted(), await recorded()]).toEqual([3, 62_000, 62_000]);
}, 200_000);

test("a database that is lost gives no new budget", async () => {
  const before = await counted();
  await waitUntil("the ledger to be published", async () => {
    const { db } = journey.service().database;
    const published = await git(journey.dir, ["ls-remote", journey.cloneUrl, evidenceBranch]);
    const row = await db.selectFrom("exports").selectAll().executeTakeFirst();
    return row?.seq === (await journey.entries()).length && published.startsWith(row.commit);
  });
  await journey.burnDown();
  await waitUntil("the ledger to be read back", async () => ((await counted()) > 0 ? true : null));
  expect([await counted(), await recorded()]).toEqual([before, before]);
  await expectConformance(journey.watch);
}, 100_000);
