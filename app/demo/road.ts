import { sha256 } from "../../core/digest.ts";
import { SallyportError } from "../../core/errors.ts";
import { type PersonClient, type RepositoryReader, waitFor } from "./acting.ts";
import { runAction, runProgram } from "./hosts.ts";

/** The demo's counts for the table at its end. */
export type DemoCounts = { steps: number; checks: number; parity: number; refusals: number };

/** Input for all steps of the demo: addresses, the people, the repository's public view, and the output. */
export type DemoContext = {
  apiUrl: string;
  branch: string;
  dir: string;
  env: Record<string, string | undefined>;
  lena: PersonClient;
  quinn: PersonClient;
  max: PersonClient;
  seen: RepositoryReader;
  tokens: { lena: string };
  counts: DemoCounts;
  say(text: string): void;
};

/** Opens an epic and a story from their forms. */
export async function openStory(
  context: DemoContext,
  title: string,
  body: (epic: number) => string,
): Promise<{ epic: number; story: number }> {
  const { lena, say } = context;
  const epic = await lena.openIssue(
    "Greet every visitor",
    "### Description\n\nEvery visitor is greeted by name.\n\n### Risk\n\nhigh\n",
    ["epic"],
  );
  say(`lena opens the epic #${epic}`);
  const story = await lena.openIssue(title, body(epic), ["story"]);
  say(`lena opens the story #${story} from the issue form`);
  return { epic, story };
}

/** One person asks for a plan by a label, another approves its digest; the diff prompts are opened in order. */
export async function planAndApprove(context: DemoContext, story: number): Promise<number> {
  const { lena, quinn, seen, say } = context;
  await nextSecond();
  await lena.label(story, "ai:plan");
  say(`lena labels #${story} \`ai:plan\``);
  let isAnswered = false;
  const digest = await waitFor("the plan's digest", async () => {
    const comments = await seen.comments(story);
    // A live model may leave questions open; the recorded one leaves none.
    if (!isAnswered && comments.some((comment) => comment.includes("\n/clarify <answer>\n"))) {
      isAnswered = true;
      await lena.comment(story, "/clarify Choose the smallest thing that meets the story.");
    }
    const refused = comments.find((comment) => /no plan:/i.test(comment));
    if (refused !== undefined) throw new SallyportError("model", refused);
    return comments
      .map((comment) => /^\/approve ([0-9a-f]{64})$/m.exec(comment)?.[1])
      .find((found) => found !== undefined);
  });
  say(`the plan appears on #${story} with its digest ${digest.slice(0, 12)}…`);
  await lena.comment(story, `/approve ${digest}`);
  await waitFor("the refusal of lena's own approval", async () =>
    (await seen.comments(story)).some((comment) => comment.includes("You asked for this plan")),
  );
  context.counts.refusals += 1;
  say("lena tries to approve her own plan: refused, somebody else has to");
  await quinn.comment(story, `/approve ${digest}`);
  say(`quinn approves exactly that digest`);
  const prompts = await waitFor("the diff prompts", async () => {
    const children = await seen.children(story);
    const { labels } = await seen.issue(story);
    return labels.includes("sallyport:ready") && children.length > 0 ? children : null;
  });
  for (const prompt of prompts) say(`diff prompt #${prompt.number} is opened below #${story}: ${prompt.title}`);
  return prompts.length;
}

/**
 * GitHub's times are whole seconds, and a label from the second in which the issue was opened counts as set by its
 * form. People are slower than that; the demo waits.
 */
export async function nextSecond(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1_100));
}

type OpenPull = Awaited<ReturnType<RepositoryReader["openPulls"]>>[number];

/** A gate fails, and then CI: both go back to the agent, which mends them on the same branch. */
export async function seeMending({ seen, say, counts }: DemoContext, { number }: OpenPull): Promise<void> {
  for (const [round, what] of ["the gate `evidence` fails", "CI is red"].entries()) {
    await waitFor(`round ${round + 1} of rework`, async () =>
      (await seen.comments(number)).find((comment) => comment.includes(`is round ${round + 1} of rework`)),
    );
    counts.checks += 1;
    say(`${what}: it goes back to the agent, whose next commit on #${number} mends it`);
  }
}

/** A person asks for changes at a line: the agent mends it, answers the thread and asks for the review again. */
export async function askForChanges({ quinn, seen, say }: DemoContext, { number, sha }: OpenPull): Promise<void> {
  const line = { path: "sallyport-demo/index.html", line: 3, body: "Say `Hello`, as the page does." };
  await quinn.review(number, sha, "REQUEST_CHANGES", [line]);
  say(`quinn asks for changes at a line of #${number}`);
  const answer = await waitFor("the answer in the thread", async () => (await seen.replies(number))[0]);
  const { sha: mended } = await waitFor("the mended head", async () =>
    (await seen.openPulls()).find((one) => one.number === number && one.sha !== sha),
  );
  say(`the agent mends it, and the thread is answered: ${answer.split("\n")[0]?.slice(0, 90)}…`);
  await quinn.review(number, mended, "APPROVE");
}

/**
 * One diff prompt to its merge: pull request, what is `mended` first, check, refused early merge, Action and command
 * line, sign-off, merge.
 */
export async function passPrompt(
  context: DemoContext,
  mended: (context: DemoContext, pull: OpenPull) => Promise<void> = async () => undefined,
): Promise<void> {
  const { lena, quinn, seen, say, counts } = context;
  const isOfRun = ({ branch }: OpenPull) => branch.startsWith("sallyport/run-");
  const opened = await waitFor("the pull request", async () => (await seen.openPulls()).find(isOfRun));
  say(`the agent's answer is recorded, then written: pull request #${opened.number}, ${opened.title}`);
  const advice = /<summary>(Advice of [^<]*)<\/summary>/.exec(opened.body)?.[1];
  if (advice !== undefined) say(`a reviewer agent read it before it opened: ${advice}`);
  await mended(context, opened);
  const pull = (await seen.openPulls()).find(isOfRun) ?? opened;
  const waiting = await waitFor("the check", async () =>
    (await seen.checks(pull.sha)).find((check) => check.name === "sallyport" && check.status === "in_progress"),
  );
  counts.checks += 1;
  say(`check \`sallyport\` on ${pull.sha.slice(0, 12)}: ${waiting.title}`);

  const early = await lena.merge(pull.number, pull.sha);
  if (early.ok) throw new SallyportError("internal", "a pull request was merged before its check was green");
  counts.refusals += 1;
  say(`lena tries to merge at once: refused by branch protection (${early.status})`);

  await sameVerdict(context, pull);
  await waitFor("the CI check", async () =>
    (await seen.checks(pull.sha)).find((check) => check.name === "test" && check.status === "completed"),
  );
  say("CI reports `test`: success");
  await quinn.comment(
    pull.number,
    `/sign-off ${pull.sha} pass manual\nEnvironment: a browser on quinn's desk\nTried with three names.`,
  );
  say(`quinn tries it by hand and signs off ${pull.sha.slice(0, 12)}`);
  await waitFor("the green check", async () =>
    (await seen.checks(pull.sha)).find((check) => check.name === "sallyport" && check.conclusion === "success"),
  );
  say("check `sallyport`: success");
  await sameVerdict(context, pull);

  const merged = await waitFor("the merge", async () => {
    const answer = await lena.merge(pull.number, pull.sha);
    return answer.ok ? answer : null;
  });
  say(`lena merges #${pull.number} as ${merged.sha.slice(0, 12)}`);
}

/**
 * The Action and the command line judge the same pull request: their verdict is the App's, byte for byte. The App
 * publishes the hash of its verdict as the check run's external id; the evidence branch may lag by a moment.
 */
async function sameVerdict(context: DemoContext, pull: { number: number; sha: string }): Promise<void> {
  const { apiUrl, dir, env, seen, tokens, say, counts } = context;
  const token = tokens.lena;
  let last = "";
  await waitFor(`the Action's verdict to equal the App's (${last})`, async () => {
    const action = await runAction({ ...pull, apiUrl, token }, dir, env);
    const shown = (await seen.checks(pull.sha)).find((check) => check.name === "sallyport");
    last = `${action.out.slice(-500)}${action.verdict}`;
    return shown !== undefined && sha256(action.verdict) === shown.externalId;
  }).catch((error: unknown) => {
    throw new SallyportError("internal", `the Action's verdict is not the App's: ${last}`, { cause: error });
  });
  const command = await runProgram(
    "sallyport",
    ["check", "--pr", `acme/governed#${pull.number}`, "--json"],
    { PATH: env.PATH, GITHUB_TOKEN: token, GITHUB_API_URL: apiUrl },
    dir,
  );
  const shown = (await seen.checks(pull.sha)).find((check) => check.name === "sallyport");
  if (shown === undefined || sha256(command.out) !== shown.externalId) {
    throw new SallyportError(
      "internal",
      `the command line's verdict is not the App's: ${command.err || command.out.slice(0, 400)}`,
    );
  }
  counts.parity += 1;
  say("the Action and `sallyport check --pr` give the App's verdict, byte for byte");
}

/** The light tier: one label on an ordinary issue, one pull request, which somebody else signs off. */
export async function takeLightRoad(context: DemoContext): Promise<void> {
  const { lena, quinn, seen, say } = context;
  const issue = await lena.openIssue("Say where the greeting comes from", lightText, []);
  await nextSecond();
  await lena.label(issue, "ai:run");
  say(`lena labels the ordinary issue #${issue} \`ai:run\`: no form, no plan, the light tier`);
  const pull = await waitFor("its pull request", async () =>
    (await seen.openPulls()).find((one) => one.branch === `sallyport/run-${issue}-1/${issue}`),
  );
  say(`pull request #${pull.number} holds the change; lena took it, so somebody else passes it`);
  await waitFor("the CI check", async () =>
    (await seen.checks(pull.sha)).find((check) => check.name === "test" && check.status === "completed"),
  );
  await quinn.comment(pull.number, `/sign-off ${pull.sha} pass manual`);
  await waitFor("the merge", async () => (await lena.merge(pull.number, pull.sha)).ok);
  await waitFor("the issue to be closed", async () => (await seen.issue(issue)).state === "closed");
  context.counts.checks += 1;
  say(`quinn signs it off, lena merges it, #${issue} is closed`);
}

const lightText = "A short README in `sallyport-demo/` names the module that greets.";

/** Waits until the story and its epic are closed with a summary that links the evidence. */
export async function seeCompletion(context: DemoContext, story: number, epic: number): Promise<void> {
  const { seen, say } = context;
  for (const [name, number] of [
    ["story", story],
    ["epic", epic],
  ] as const) {
    await waitFor(`the ${name} to be complete`, async () => {
      const { state, labels } = await seen.issue(number);
      return state === "closed" && labels.includes("sallyport:complete");
    });
    say(`the ${name} #${number} is complete and closed, with a summary that links its evidence`);
  }
}

/** A person's pull request changes a path that the policy forbids: it is refused, with the reason and the next step. */
export async function tryForbidden(context: DemoContext, push: (branch: string) => Promise<string>): Promise<void> {
  const { max, seen, say, counts, branch } = context;
  const name = "tidy-governance";
  const sha = await push(name);
  const number = await max.openPull(name, branch, "Tidy the governance folder");
  say(`max pushes a change below governance/ and opens #${number}`);
  const check = await waitFor("the refusal", async () =>
    (await seen.checks(sha)).find((one) => one.name === "sallyport" && one.conclusion === "failure"),
  );
  counts.checks += 1;
  say(`check \`sallyport\`: ${check.title}`);
  const why = check.summary.split("\n").find((line) => /^\s*-.*governance\//.test(line));
  if (why !== undefined)
    say(
      `  why: ${why
        .replace(/[\\*`]/g, "")
        .replace(/^\s*-\s*/, "")
        .trim()}`,
    );
  const answer = await max.merge(number, sha);
  if (answer.ok) throw new SallyportError("internal", "a forbidden change was merged");
  counts.refusals += 1;
  say(`max tries to merge it: refused by branch protection (${answer.status})`);
}
