import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Queue } from "../../../app/queue/queue.ts";
import { enqueueMatching } from "../../../app/queue/search.ts";
import type { TypedEntry } from "../../../core/entries.ts";
import { endedPulls } from "../../../core/record/unended.ts";
import { subjectKey } from "../../../core/subject.ts";
import { standingAfter } from "../../builders/standing.ts";
import { type Acme, startAcme } from "../../hosts/store-and-github.ts";

let acme: Acme;
beforeAll(async () => {
  acme = await startAcme();
});
afterAll(() => acme.close());

/** A ledger in which issue #90 is on the light tier, beside #91, which is complete. */
const entry = { seq: 1, hash: "1".repeat(64), at: "2026-11-21T09:00:00.000Z" };
const light = (story: number): TypedEntry => ({
  ...entry,
  kind: "approval.granted",
  actor: { type: "user", id: 1, login: "lena" },
  body: {
    story,
    revision: 1,
    digest: "2".repeat(64),
    parts: { plan: "3".repeat(64), issue: "4".repeat(64), base: "b".repeat(40), paths: [], policy: "c".repeat(40) },
    tier: { name: "light", request: { type: "label", id: 5, label: "ai:run" }, size: { files: 1, lines: 1 } },
    solo: false,
  },
});
const done: TypedEntry = {
  ...entry,
  kind: "story.completed",
  actor: { type: "app", id: 9, login: "sallyport[bot]" },
  body: { story: 91, prompts: [91], pulls: [7] },
};

/** What a search marks to be looked at. */
async function marked(sha: string | null, base?: string, entries: TypedEntry[] = []): Promise<string[]> {
  const keys: string[] = [];
  const queue: Pick<Queue, "enqueueNow"> = {
    enqueueNow: async (subject) => void keys.push(subjectKey(subject)),
  };
  const searches = { last: async () => null, note: async () => undefined };
  const search = { repository: acme.repository, sha, ...(base === undefined ? {} : { base }) };
  await enqueueMatching(search, {
    github: acme.clients,
    queue,
    standing: async () => standingAfter(entries),
    ended: async () => endedPulls(entries),
    searches,
  });
  return keys.sort();
}

async function openPull(name: string, base: string, from: string): Promise<{ number: number; head: string }> {
  const tip = await acme.as("lena", "GET", `git/ref/heads/${from}`);
  await acme.as("lena", "POST", "git/refs", { ref: `refs/heads/${name}`, sha: tip.object.sha });
  const body = { message: "m", content: "eA==", branch: name };
  await acme.as("lena", "PUT", `contents/${name}.txt`, body);
  const { number, head } = await acme.as("lena", "POST", "pulls", { title: name, head: name, base });
  return { number, head: head.sha };
}

test("T067 T069 T079 T087 T247 T248: the sweep looks at all that is open, every layer of a stack, whatever its checks show", async () => {
  const key = (kind: string, number: number) => `${kind}/${acme.repository}/${number}`;
  const lower = await openPull("lower", "main", "main");
  const upper = await openPull("upper", "lower", "lower");
  await acme.as("lena", "POST", "labels", { name: "story", color: "ededed", description: "A story." });
  const story = await acme.as("lena", "POST", "issues", { title: "A story", labels: ["story"] });
  await acme.as("lena", "POST", "issues", { title: "Not ours" });
  await acme.as("lena", "POST", `issues/${lower.number}/labels`, { labels: ["story"] });
  const run = await acme.as("lena", "POST", "issues", { title: "Small", labels: ["ai:run"] });
  const closed = await openPull("closed", "main", "main");
  await acme.as("lena", "PATCH", `pulls/${closed.number}`, { state: "closed" });
  const all = [
    key("repository", acme.repository),
    key("issue", story.number),
    key("issue", run.number),
    key("pull", lower.number),
    key("pull", upper.number),
  ];
  expect(await marked(null)).toEqual(all.sort());
  expect(await marked(upper.head)).toEqual([key("pull", upper.number)]);
  expect(await marked(closed.head)).toEqual([]);
  expect(await marked(null, "lower")).toEqual([key("pull", upper.number)]);
  expect(await marked(null, "upper")).toEqual([]);
  const withLight = await marked(null, undefined, [light(90), light(91), done]);
  expect(withLight).toContain(key("issue", 90));
  expect(withLight).not.toContain(key("issue", 91));
});
