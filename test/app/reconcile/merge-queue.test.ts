import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { sha256 } from "../../../core/digest.ts";
import { startTestService, type TestService } from "../../hosts/app.ts";
import type { Json } from "../../hosts/store-and-github.ts";
import { waitUntil } from "../../hosts/until.ts";
import { wholeLedger } from "../../hosts/whole-ledger.ts";

let site: TestService;
beforeAll(async () => {
  site = await startTestService({
    policy: 'people: { approvers: ["@lena"] }\ngates: { diff-size: { lines: 25 } }\n',
    repository: {
      protection: [
        {
          branch: "main",
          checks: [{ context: "sallyport", app: "sallyport" }, { context: "deploy" }],
          merge_queue: true,
        },
      ],
    },
  });
}, 30_000);
afterAll(() => site.close(), 30_000);

const ask = (method: string, path: string, body?: object) => site.as("lena", method, path, body);
const deployed = (sha: string) => ask("POST", `statuses/${sha}`, { context: "deploy", state: "success" });

/** A pull request with a new file of some lines, green by the App's own check and by the other one that the branch asks for. */
async function openGreen(branch: string, count: number): Promise<{ number: number; head: string }> {
  const main = await ask("GET", "git/ref/heads/main");
  await ask("POST", "git/refs", { ref: `refs/heads/${branch}`, sha: main.object.sha });
  const content = Buffer.from(`${branch}\n`.repeat(count)).toString("base64");
  await ask("PUT", `contents/${branch}.txt`, { message: "Add a file", branch, content });
  const pull = await ask("POST", "pulls", { title: `About ${branch}`, head: branch, base: "main" });
  const head: string = pull.head.sha;
  await waitUntil(`the green check of ${branch}`, async () => site.checkOn(head)?.conclusion === "success");
  await deployed(head);
  return { number: pull.number, head };
}

const queue = async (
  ...pulls: { number: number }[]
): Promise<{ head_ref: string; head_sha: string; base_sha: string }> =>
  ask("POST", "/_sandbox/merge-queue", {
    repository: "acme/governed",
    pulls: pulls.map(({ number }) => number),
  });

const stateOf = async ({ number }: { number: number }) => {
  const { merged, state } = await ask("GET", `pulls/${number}`);
  return merged ? "merged" : state;
};

/** The Action's verdict on a merge group, as a job of its event gives it. */
const actionVerdict = (group: { head_ref: string; head_sha: string }) =>
  site.runAction({
    pullRequest: "",
    failOn: "pending",
    event: {
      name: "merge_group",
      text: JSON.stringify({ action: "checks_requested", merge_group: group }),
    },
  });

test("T072 T073 T074: two green ones that break a limit together are refused; a good pair is merged", async () => {
  const [wide, broad, slim] = await Promise.all([openGreen("wide", 20), openGreen("broad", 20), openGreen("slim", 2)]);
  const main = (await ask("GET", "git/ref/heads/main")).object.sha;
  const bad = await queue(wide, broad);
  const refused = await waitUntil("the refusal", async () => {
    const check = site.checkOn(bad.head_sha);
    return check?.status === "completed" ? check : null;
  });
  expect([refused.conclusion, refused.output.title]).toEqual(["failure", "1 gate fails: diff-size"]);
  await site.sandbox.settled();
  expect(await Promise.all([wide, broad].map(stateOf))).toEqual(["open", "open"]);
  expect((await ask("GET", "git/ref/heads/main")).object.sha).toBe(main);

  const good = await queue(wide, slim);
  const passed = await waitUntil("the green group", async () => {
    const check = site.checkOn(good.head_sha);
    return check?.conclusion === "success" ? check : null;
  });
  const action = await waitUntil("the Action's verdict to be the App's", async () => {
    const given = await actionVerdict(good);
    return sha256(given.verdict) === passed.external_id ? given : null;
  });
  expect(action.failed).toEqual([]);
  expect(JSON.parse(action.verdict)).toMatchObject({
    conclusion: "success",
    base: main,
    head: good.head_sha,
  });
  await deployed(good.head_sha);
  await site.sandbox.settled();
  expect(await Promise.all([wide, slim].map(stateOf))).toEqual(["merged", "merged"]);
  expect((await ask("GET", "git/ref/heads/main")).object.sha).toBe(good.head_sha);

  // A job that is run again after the group has landed decides nothing.
  expect(await actionVerdict(good)).toEqual({ verdict: "", failed: [expect.stringContaining("is no more")] });

  const entries = (id: number) => wholeLedger(site.service().database.db, id);
  const repository: number = (await ask("GET", "/repos/acme/governed")).id;
  const merges = await waitUntil("both merges in the ledger", async () => {
    const found = (await entries(repository)).filter(({ kind }) => kind === "merge.observed");
    return found.length === 2 ? found : null;
  });
  for (const { body } of merges) expect(body).toMatchObject({ judged: true });
  const judged = (await entries(repository)).flatMap((entry) => (entry.kind === "group.judged" ? [entry.body] : []));
  expect(judged).toMatchObject([
    { head: bad.head_sha, conclusion: "failure" },
    {
      headRef: good.head_ref,
      head: good.head_sha,
      base: main,
      members: [
        { pull: wide.number, head: wide.head },
        { pull: slim.number, head: slim.head },
      ],
      conclusion: "success",
      verdictSha256: passed.external_id,
    },
  ]);
  // Never skipped, never neutral: GitHub would take either for a pass.
  const shown = site.watch.exchanges.flatMap(({ requestBody }): Json[] => [requestBody ?? {}]);
  const ours = shown.filter((body) => body.external_id !== undefined && body.conclusion !== undefined);
  expect(new Set(ours.map((body) => body.conclusion))).toEqual(new Set(["success", "failure"]));
}, 150_000);

test("T073: a group whose webhook was lost is found by the sweep", async () => {
  const late = await openGreen("late", 1);
  site.sandbox.fault({ kind: "drop_webhook", event: "merge_group" });
  const group = await queue(late);
  await site.sandbox.settled();
  expect(site.checkOn(group.head_sha)).toBe(undefined);
  // A service sweeps when it starts, as it does every five minutes.
  await site.restart();
  await waitUntil("the found group", async () => site.checkOn(group.head_sha)?.conclusion === "success");
}, 150_000);
