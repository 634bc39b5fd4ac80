/** What people do in the chaos run: each story is played by what GitHub shows, and every act is done once. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ChatCompletionRequest, FixtureResponse } from "@copilotkit/aimock";
import { storyBody } from "../app/demo/governed.ts";
import type { Issue, Repository } from "../sandbox/state/model.ts";
import type { Plan } from "../schemas/plan.ts";
import { call } from "../test/hosts/model-service.ts";
import type { Json } from "../test/hosts/store-and-github.ts";

/** The people of a repository: each asks GitHub with a token of their own. */
export type Ask = (person: string, method: string, path: string, body?: unknown) => Promise<Json>;

export type Story = { number: number; title: string; repository: Repository; ask: Ask };

/** The kinds of stories, in turn. */
const kinds = ["planned", "light", "green", "light", "red", "stopped", "light", "green"] as const;
export const kindOf = (number: number) => kinds[number % kinds.length] ?? "light";

export const titleOf = (number: number) => `Write down number ${number}`;
const fileOf = (number: number) => `demo/${number}.txt`;

export const policyOf = (key: string) => `version: 1
people: { planners: ["@lena"], executors: ["@lena"], approvers: ["@quinn", "@lena"] }
roles: { demo: { allow: ["demo/**"] } }
tiers: { light: { role: demo, files: 3, lines: 40 } }
gates:
  forbidden-paths: { deny: ["governance/**"] }
  manual-test: { when: { paths: ["demo/**"] } }
ledger: { keys: [{ key: "${key}" }] }
`;

/** The model: it plans, writes the story's file, and is done. `asked` hears of each call. */
export function answer(request: ChatCompletionRequest, asked: (what: string) => void): FixtureResponse {
  const text = JSON.stringify(request.messages);
  const number = Number(/Write down number (\d+)/.exec(text)?.[1]);
  const isPlanner = text.includes("You plan a story");
  const turn = request.messages.filter(({ role }) => role === "assistant").length;
  asked(`${number} ${isPlanner ? "plan" : `turn ${turn}`}`);
  if (isPlanner) return call("propose_plan", planOf(number));
  if (turn === 0) return call("write", { path: fileOf(number), content: `This is number ${number}.\n` });
  const claims = [{ criterion: "It is written down.", how: "Written." }];
  return call("finish", { summary: "Done.", claims });
}

function planOf(number: number): Plan {
  const prompt = {
    ...{ title: titleOf(number), objective: "A file says which number it is.", role: "demo", paths: [fileOf(number)] },
    ...{ inputs: ["README.md"], nonGoals: ["Nothing else."], acceptance: ["It is written down."] },
    ...{ output: ["The file."], evidence: [], dependsOn: [] },
  };
  return {
    ...{ approach: "One small step, and no other.", risks: [], unknowns: [], risk: "low", manualTest: null },
    ...{ acceptance: ["It is written down."], prompts: [prompt] },
  };
}

async function until<T>(what: string, find: () => T | undefined | false | null): Promise<T> {
  const end = Date.now() + 900_000;
  for (;;) {
    const found = find();
    if (found !== undefined && found !== null && found !== false) return found;
    if (Date.now() > end) throw new Error(`${what} did not come in 15 minutes`);
    await sleep(100);
  }
}

/** GitHub dates in whole seconds: what comes after must be later. */
const nextSecond = () => sleep(1_050);

const issueOf = ({ repository }: Story, number: number) =>
  repository.issues.find((one) => one.number === number) as Issue;
const has = (issue: Issue, label: string) => issue.labels.some(({ name }) => name === label);
const checkOn = ({ repository }: Story, sha: string) =>
  repository.runs.findLast((one) => one.name === "sallyport" && one.suite.headSha === sha);

/** Plays one story to its end. */
export async function play(story: Story): Promise<void> {
  const kind = kindOf(story.number);
  if (kind === "green" || kind === "red") return playForeign(story, kind);
  const { ask, title } = story;
  const labels = kind === "planned" ? ["story"] : [];
  const epic = { title: `The epic of: ${title}`, body: "### Description\n\nMore.\n", labels: ["epic"] };
  const body =
    kind === "planned"
      ? storyBody((await ask("lena", "POST", "issues", epic)).number, null)
      : "A file says it.\n\n### Acceptance criteria\n\n- It is written down.\n";
  const { number } = await ask("lena", "POST", "issues", { title, body, labels });
  const issue = issueOf(story, number);
  const label = (name: string) => ask("lena", "POST", `issues/${number}/labels`, { labels: [name] });
  const comment = (person: string, text: string, on = number) =>
    ask(person, "POST", `issues/${on}/comments`, { body: text });
  await nextSecond();
  if (kind === "planned") {
    await label("ai:plan");
    const digest = await until(`the plan of ${title}`, () =>
      issue.comments.map((one) => /^\/approve ([0-9a-f]{64})$/m.exec(one.body)?.[1]).find((one) => one !== undefined),
    );
    await comment("quinn", `/approve ${digest}`);
    await until(`the prompts of ${title}`, () => has(issue, "sallyport:ready"));
    await nextSecond();
  }
  await label("ai:run");
  const pull = await until(`the pull request of ${title}`, () =>
    story.repository.issues.find((one) => one.pull?.head.ref.startsWith(`sallyport/run-${number}-`)),
  );
  const sha = () => pull.pull?.head.sha ?? "";
  await until(`the check of ${title}`, () => /waiting/i.test(checkOn(story, sha())?.output.title ?? ""));
  if (kind === "stopped") {
    await comment("lena", "/stop", number);
    await until(`the stop of ${title}`, () => issue.comments.some((one) => one.body.includes("stopped")));
    await ask("lena", "PATCH", `pulls/${pull.number}`, { state: "closed" });
    await ask("lena", "PATCH", `issues/${number}`, { state: "closed" });
    await until(`the end of ${title}`, () => has(issue, "sallyport:archived"));
    return;
  }
  await comment("quinn", `/sign-off ${sha()} pass manual`, pull.number);
  await until(`the verdict on ${title}`, () => checkOn(story, sha())?.conclusion === "success");
  await merge(story, pull.number, sha());
  await until(`the end of ${title}`, () => issue.state === "closed" && has(issue, "sallyport:complete"));
}

/** GitHub refuses a merge while another one moves the base; the person tries again. */
async function merge({ ask }: Story, pull: number, sha: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return await ask("lena", "PUT", `pulls/${pull}/merge`, { sha });
    } catch (error) {
      if (tries === 20) throw error;
      await sleep(500);
    }
  }
}

/** A person's own pull request: one that passes and is merged, or one that does not and is closed. */
async function playForeign(story: Story, kind: "green" | "red"): Promise<void> {
  const { ask, title, number, repository } = story;
  const branch = `max-${number}`;
  const main = await ask("max", "GET", `git/ref/heads/${repository.defaultBranch}`);
  await ask("max", "POST", "git/refs", { ref: `refs/heads/${branch}`, sha: main.object.sha });
  const path = kind === "red" ? `governance/${number}.md` : `notes/${number}.md`;
  await ask("max", "PUT", `contents/${path}`, { message: title, content: "eA==", branch });
  const made = await ask("max", "POST", "pulls", { title, head: branch, base: repository.defaultBranch });
  const sha: string = made.head.sha;
  const wanted = kind === "red" ? "failure" : "success";
  await until(`the verdict on ${title}`, () => checkOn(story, sha)?.conclusion === wanted);
  if (kind === "red") {
    await ask("max", "POST", `issues/${made.number}/comments`, { body: "/status" });
    await until(`the status of ${title}`, () => issueOf(story, made.number).comments.length >= 3);
    await ask("max", "PATCH", `pulls/${made.number}`, { state: "closed" });
  } else await merge(story, made.number, sha);
}
