import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Queue } from "../../../app/queue/queue.ts";
import { enqueueMatching } from "../../../app/queue/search.ts";
import { subjectKey } from "../../../core/effects.ts";
import { type Acme, startAcme } from "../../hosts/store-and-github.ts";

let acme: Acme;
beforeAll(async () => {
  acme = await startAcme();
});
afterAll(() => acme.close());

/** What a search marks to be looked at. */
async function marked(sha: string | null, base?: string): Promise<string[]> {
  const keys: string[] = [];
  const queue: Pick<Queue, "enqueueNow"> = {
    enqueueNow: async (subject) => void keys.push(subjectKey(subject)),
  };
  const searches = { last: async () => null, note: async () => undefined };
  const search = { repository: acme.repository, sha, ...(base === undefined ? {} : { base }) };
  await enqueueMatching(search, { github: acme.clients, queue, entries: async () => [], searches });
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
  const closed = await openPull("closed", "main", "main");
  await acme.as("lena", "PATCH", `pulls/${closed.number}`, { state: "closed" });
  const all = [key("issue", story.number), key("pull", lower.number), key("pull", upper.number)];
  expect(await marked(null)).toEqual(all.sort());
  expect(await marked(upper.head)).toEqual([key("pull", upper.number)]);
  expect(await marked(closed.head)).toEqual([]);
  expect(await marked(null, "lower")).toEqual([key("pull", upper.number)]);
  expect(await marked(null, "upper")).toEqual([]);
});
