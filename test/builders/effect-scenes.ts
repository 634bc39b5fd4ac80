/** One scene per effect that writes to GitHub: what it needs, and what can be seen of it afterwards. */

import type { Effect } from "../../core/effects.ts";
import { dashboardLabel } from "../../core/labels.ts";
import type { FileWrite, StepPack, StepResult } from "../../schemas/step.ts";
import type { Acme, Json } from "../hosts/store-and-github.ts";

/** `seen` leaves out numbers, ids and times, so that two plays of a scene can be compared. */
export type Scene = { effect: Effect; seen(): Promise<unknown> };

let count = 0;
const next = () => ++count;

const bodies = (list: Json[]) => list.map((one) => `${one.user.login}: ${one.body.replaceAll(/\d+/g, "N")}`);
const comments = async (acme: Acme, issue: number) => bodies(await acme.as("lena", "GET", `issues/${issue}/comments`));
const labels = async (acme: Acme, issue: number) =>
  (await acme.as("lena", "GET", `issues/${issue}/labels`)).map((one: Json) => one.name).sort();

export async function openIssue(acme: Acme, title = "An issue", more: object = {}): Promise<number> {
  return (await acme.as("lena", "POST", "issues", { title, body: "Text.", ...more })).number;
}

export async function tip(acme: Acme, branch = "main"): Promise<string> {
  return (await acme.as("lena", "GET", `git/ref/heads/${branch}`)).object.sha;
}

export function pack(base: string, more: Partial<StepPack> = {}): StepPack {
  return {
    version: 1,
    kind: "step",
    run: "run-1-1",
    story: 1,
    prompt: 2,
    attempt: { r: 0, s: 0 },
    repository: "acme/web",
    base,
    contract: "# Change the page",
    role: { name: "web", allow: ["web/**"], deny: ["web/vendor/**", ".github/**"] },
    paths: ["web/**"],
    acceptance: ["The page greets."],
    evidence: [],
    limits: { runtime: 60, silence: 10, turns: 5, tokens: 1_000 },
    ...more,
  };
}

export function answer(files: FileWrite[]): StepResult {
  return {
    version: 1,
    outcome: "finished",
    code: "finished",
    summary: "Done.",
    questions: [],
    files,
    claims: [],
  };
}

/** A change to be written to a branch of its own. */
export async function change(
  acme: Acme,
  files: FileWrite[] = [{ path: "web/page.html", content: "<p>good morning</p>\n" }],
  more: Partial<Extract<Effect, { type: "write-change" }>> = {},
): Promise<Extract<Effect, { type: "write-change" }>> {
  const parent = await tip(acme);
  const number = next();
  return {
    type: "write-change",
    key: `change/${number}`,
    packSha256: await acme.store(pack(parent)),
    resultSha256: await acme.store(answer(files)),
    branch: `sallyport/run-1-${number}/2`,
    parent,
    message: "Change the page\n\nSallyport-Run: run-1-1\n",
    at: "2026-11-20T09:30:00.000Z",
    ...more,
  };
}

/** A branch of ours with one commit, as `write-change` leaves it. */
export async function written(acme: Acme): Promise<{ branch: string; head: string }> {
  const effect = await change(acme, [{ path: "web/page.html", content: `<p>${next()}</p>\n` }]);
  const result = await acme.perform(effect);
  if (result.type !== "commit") throw new Error("no commit was written");
  return { branch: effect.branch, head: result.commit };
}

export function openPull(change: { branch: string; head: string }): Extract<Effect, { type: "open-pull" }> {
  const { branch, head } = change;
  return {
    type: "open-pull",
    key: `pull/${branch}`,
    branch,
    head,
    base: "main",
    title: "Change the page",
    body: "Made from the ledger.",
  };
}

/** An issue with a command below it, and what is seen of its answers. */
async function command(acme: Acme) {
  const issue = await openIssue(acme);
  const { id: comment } = await acme.as("wes", "POST", `issues/${issue}/comments`, { body: "/plan" });
  const seen = async () => ({
    comments: await comments(acme, issue),
    reactions: (await acme.as("lena", "GET", `issues/comments/${comment}/reactions`)).map(
      (one: Json) => `${one.user.login} ${one.content}`,
    ),
  });
  return { issue, comment, seen };
}

export const scenes: Record<
  Exclude<
    Effect["type"],
    "ask-planner" | "ask-reviewer" | "run-agent" | "cancel-run" | "run-commands" | "gather-report" | "post-digest"
  >,
  (acme: Acme) => Promise<Scene>
> = {
  async reply(acme) {
    const { issue, comment, seen } = await command(acme);
    const key = `reply/9/comment/${comment}`;
    return { effect: { type: "reply", key, issue, comment, accepted: true, line: "Planning starts." }, seen };
  },
  async "turn-away"(acme) {
    const { issue, comment, seen } = await command(acme);
    const told = { comment, line: "It does not count." };
    return { effect: { type: "turn-away", key: `refusal/9/${issue}/7/2026-11-21`, issue, told }, seen };
  },
  async notify(acme) {
    const issue = await openIssue(acme);
    const key = `notice/9/${issue}/approval/1`;
    return { effect: { type: "notify", key, issue, line: "@wes: this waits." }, seen: () => comments(acme, issue) };
  },
  async "ensure-sticky"(acme) {
    const issue = await openIssue(acme);
    return {
      effect: { type: "ensure-sticky", key: `sticky/9/${issue}`, issue, body: "### Sallyport: draft\n" },
      seen: () => comments(acme, issue),
    };
  },
  async "ensure-state"(acme) {
    const issue = await openIssue(acme, "A story", { labels: ["story", "sallyport:draft"] });
    const state = `state${next()}`;
    return {
      effect: { type: "ensure-state", key: `state/9/${issue}`, issue, state },
      seen: async () => (await labels(acme, issue)).map((name: string) => name.replace(state, "wanted")),
    };
  },
  async "ensure-labels"(acme) {
    const name = `label${next()}`;
    await acme.as("lena", "POST", "labels", { name: `${name}-theirs`, color: "123456", description: "Theirs." });
    const label = (end: string) => ({ name: `${name}-${end}`, color: "ededed", description: "Ours." });
    return {
      effect: { type: "ensure-labels", key: `labels/9/${name}`, labels: [label("theirs"), label("ours")] },
      seen: async () =>
        (await acme.as("lena", "GET", "labels?per_page=100"))
          .filter((one: Json) => one.name.startsWith(`${name}-`))
          .map((one: Json) => [one.name.replace(name, "label"), one.color, one.description]),
    };
  },
  async "open-dashboard"(acme) {
    const label = dashboardLabel.name;
    for (const { number } of await acme.as("lena", "GET", `issues?labels=${label}&state=all`))
      await acme.as("lena", "DELETE", `issues/${number}/labels/${label}`);
    return {
      effect: { type: "open-dashboard", key: "dashboard/9" },
      seen: async () =>
        (await acme.as("lena", "GET", `issues?labels=${label}&state=all`)).map(({ title }: Json) => title),
    };
  },
  async "ensure-label-gone"(acme) {
    const issue = await openIssue(acme, "A story", { labels: ["story", "ai:plan"] });
    return {
      effect: { type: "ensure-label-gone", key: `label/9/${issue}`, issue, label: "ai:plan" },
      seen: () => labels(acme, issue),
    };
  },
  async "link-story"(acme) {
    const [epic, story] = [await openIssue(acme, "An epic"), await openIssue(acme, "A story")];
    return {
      effect: { type: "link-story", key: `link/9/${epic}/${story}`, epic, story },
      seen: async () => (await acme.as("lena", "GET", `issues/${epic}/sub_issues`)).map((one: Json) => one.title),
    };
  },
  async "open-prompt"(acme) {
    const [story, first, second] = [
      await openIssue(acme, "A story"),
      await openIssue(acme, "First"),
      await openIssue(acme, "Second"),
    ];
    const title = `Prompt ${next()}`;
    return {
      effect: {
        type: "open-prompt",
        key: `prompt/9/${story}/1/1`,
        story,
        title,
        body: "# Do it",
        blockedBy: [first, second],
      },
      seen: async () => {
        const children: Json[] = await acme.as("lena", "GET", `issues/${story}/sub_issues`);
        const all: Json[] = await acme.as("lena", "GET", "issues?state=all&per_page=100&labels=diff-prompt");
        const child = children[0];
        const blockers =
          child === undefined ? [] : await acme.as("lena", "GET", `issues/${child.number}/dependencies/blocked_by`);
        return {
          opened: all.filter((one) => one.title === title).length,
          children: bodies(children),
          labels: child?.labels.map((one: Json) => one.name),
          blockers: blockers.map((one: Json) => one.title),
        };
      },
    };
  },
  async "close-issue"(acme) {
    const issue = await openIssue(acme);
    return {
      effect: { type: "close-issue", key: `close/9/${issue}`, issue, comment: "Done." },
      seen: async () => {
        const { state, state_reason } = await acme.as("lena", "GET", `issues/${issue}`);
        return { state, state_reason, comments: await comments(acme, issue) };
      },
    };
  },
  async "write-change"(acme) {
    const effect = await change(acme);
    return {
      effect,
      seen: async () => {
        const commit = await acme.as("lena", "GET", `git/commits/${await tip(acme, effect.branch)}`);
        return {
          sha: commit.sha,
          tree: commit.tree.sha,
          parents: commit.parents.map((one: Json) => one.sha),
        };
      },
    };
  },
  async "open-pull"(acme) {
    const change = await written(acme);
    return {
      effect: openPull(change),
      seen: async () => {
        const pulls: Json[] = await acme.as("lena", "GET", `pulls?state=all&head=acme:${change.branch}`);
        return pulls.map((one) => ({
          by: one.user.login,
          state: one.state,
          title: one.title,
          base: one.base.ref,
          isOurs: one.head.sha === change.head,
        }));
      },
    };
  },
  async "open-onboarding"(acme) {
    await forgetOnboarding(acme);
    const parent = await tip(acme);
    return {
      effect: {
        ...{ type: "open-onboarding", key: "onboarding/9", base: "main", parent },
        ...{ at: "2026-11-20T09:30:00.000Z", ledgerKey: "ed25519:AAAA" },
      },
      seen: async () => {
        const pulls: Json[] = await acme.as("lena", "GET", "pulls?state=all&head=acme:sallyport/setup");
        return pulls.map((one) => [one.user.login, one.state, one.title, one.base.ref, one.body, one.head.sha]);
      },
    };
  },
  async "answer-thread"(acme) {
    const { pull, thread } = await openThread(acme);
    return {
      effect: {
        ...{ type: "answer-thread", key: `thread/9/${thread}/${next()}`, pull, thread },
        ...{ line: "It is mended.", readAt: "2026-11-21T10:00:00.000Z" },
      },
      seen: async () => bodies(await acme.as("lena", "GET", `pulls/${pull}/comments`)),
    };
  },
  async "ask-review"(acme) {
    const { pull } = await openThread(acme);
    return {
      effect: { type: "ask-review", key: `review/9/${next()}`, pull, reviewers: ["wes"] },
      seen: async () =>
        (await acme.as("lena", "GET", `pulls/${pull}/requested_reviewers`)).users.map((one: Json) => one.login),
    };
  },
  async "roll-back"(acme) {
    const change = await written(acme);
    const opened = await acme.perform(openPull(change));
    if (opened.type !== "pull") throw new Error("no pull request");
    return {
      effect: {
        ...{ type: "roll-back", key: `rollback/9/${next()}`, branch: change.branch, to: null },
        ...{ undone: [change.head], comment: "Taken back." },
      },
      seen: async () => {
        const pulls: Json[] = await acme.as("lena", "GET", `pulls?state=all&head=acme:${change.branch}`);
        const refs: Json[] = await acme.as("lena", "GET", `git/matching-refs/heads/${change.branch}`);
        return {
          pulls: pulls.map((one) => one.state),
          comments: await comments(acme, opened.number),
          refs: refs.length,
        };
      },
    };
  },
  async "ensure-check"(acme) {
    const { head: sha } = await written(acme);
    return {
      effect: {
        type: "ensure-check",
        key: `check/9/${sha}`,
        sha,
        verdictSha256: "a".repeat(64),
        status: "completed",
        conclusion: "failure",
        title: "2 gates fail",
        summary: "No.",
        annotations: [],
      },
      seen: async () => {
        const { check_runs: runs } = await acme.as("lena", "GET", `commits/${sha}/check-runs?filter=all`);
        return runs.map((one: Json) => ({
          name: one.name,
          app: one.app.slug,
          external: one.external_id,
          status: one.status,
          conclusion: one.conclusion,
          output: { title: one.output.title, summary: one.output.summary, text: one.output.text },
        }));
      },
    };
  },
  async "show-backtest"(acme) {
    const policyRef = await mergedBefore(acme);
    const branch = `policy-${next()}`;
    const policy = "version: 1\ngates: { forbidden-paths: { deny: [web/new.html] } }\n";
    const { number, head } = await pullWith(acme, branch, ".github/sallyport.yml", policy);
    return {
      effect: {
        type: "show-backtest",
        key: `backtest/9/${number}/${head}`,
        pull: number,
        head: head.sha,
        policyRef,
        branch: "main",
      },
      seen: () => comments(acme, number),
    };
  },
};

/** There is one onboarding in a repository for ever, so its pull request and its branch are taken out of the sandbox. */
async function forgetOnboarding({ sandbox, as }: Acme): Promise<void> {
  const repository = sandbox.state.repositories.find(({ name }) => name === "web");
  const ref = "sallyport/setup";
  if (repository?.issues.some(({ pull }) => pull?.head.ref === ref) !== true) return;
  repository.issues = repository.issues.filter(({ pull }) => pull?.head.ref !== ref);
  await as("lena", "DELETE", `git/refs/heads/${ref}`);
}

/** A pull request of ours with one review thread. */
export async function openThread(acme: Acme): Promise<{ pull: number; thread: number }> {
  const change = await written(acme);
  const opened = await acme.perform(openPull(change));
  if (opened.type !== "pull") throw new Error("no pull request");
  const comment = { commit_id: change.head, body: "Why so?", path: "web/page.html", line: 1 };
  const { id } = await acme.as("wes", "POST", `pulls/${opened.number}/comments`, comment);
  return { pull: opened.number, thread: id };
}

/** A branch with one file written, and its pull request. */
async function pullWith(acme: Acme, branch: string, path: string, text: string): Promise<Json> {
  await acme.as("lena", "POST", "git/refs", { ref: `refs/heads/${branch}`, sha: await tip(acme) });
  const old = await acme.as("lena", "GET", `contents/${path}?ref=${branch}`).catch(() => null);
  await acme.as("lena", "PUT", `contents/${path}`, {
    message: `Write ${path}`,
    content: Buffer.from(text).toString("base64"),
    branch,
    ...(old === null ? {} : { sha: old.sha }),
  });
  return acme.as("lena", "POST", "pulls", {
    title: `Write ${path}`,
    head: branch,
    base: "main",
    body: "Text.",
  });
}

const prepared = new WeakMap<Acme, Promise<string>>();

/** A policy on the default branch and a pull request that entered by it; the commit of that policy. */
function mergedBefore(acme: Acme): Promise<string> {
  const made = prepared.get(acme) ?? prepare();
  prepared.set(acme, made);
  return made;

  async function prepare(): Promise<string> {
    const merge = ({ number }: Json) => acme.as("lena", "PUT", `pulls/${number}/merge`, {});
    await merge(await pullWith(acme, "first-policy", ".github/sallyport.yml", "version: 1\n"));
    await merge(await pullWith(acme, "new-page", "web/new.html", "<p>new</p>\n"));
    return tip(acme);
  }
}
