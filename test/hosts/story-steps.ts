import { git, storyBody } from "../../app/demo/governed.ts";
import { runProgram } from "../../app/demo/hosts.ts";
import { nextSecond } from "../../app/demo/road.ts";
import type { Replay } from "../../core/replay/replay.ts";
import type { Journey } from "./demo-world.ts";
import { waitUntil } from "./until.ts";

/** Lena opens an epic and a story in it. */
export async function openStory({ lena }: Pick<Journey, "lena">): Promise<{ epic: number; story: number }> {
  const epic = await lena.openIssue("An epic", "### Description\n\nMore.\n\n### Risk\n\nhigh\n", ["epic"]);
  const story = await lena.openIssue("A story", storyBody(epic, null), ["story"]);
  return { epic, story };
}

/** Lena asks for a plan; its digest is what somebody else approves. */
export async function askForPlan({ lena, seen }: Pick<Journey, "lena" | "seen">, story: number): Promise<string> {
  await nextSecond();
  await lena.label(story, "ai:plan");
  return waitUntil("the digest", async () =>
    (await seen.comments(story))
      .map((comment) => /^\/approve ([0-9a-f]{64})$/m.exec(comment)?.[1])
      .find((found) => found !== undefined),
  );
}

/** Quinn approves the plan, and its prompts are opened. */
export async function approve(
  { quinn, seen }: Pick<Journey, "quinn" | "seen">,
  story: number,
  digest: string,
): Promise<void> {
  await quinn.comment(story, `/approve ${digest}`);
  await waitUntil("the prompts", async () => (await seen.issue(story)).labels.includes("sallyport:ready"));
}

/** What a stranger's clone derives of a finished run, as soon as the published ledger has its end. */
export function replayOf(journey: Journey, run: string): Promise<Replay & { differences: string[] }> {
  return waitUntil("the published ledger", async () => {
    const clone = `${journey.dir}/clone-${Date.now()}`;
    await git(journey.dir, ["clone", "--quiet", "--mirror", journey.cloneUrl, clone]);
    const args = ["replay", run, clone, "--json"];
    const { out, code } = await runProgram("sallyport", args, { PATH: process.env.PATH }, journey.dir);
    return code === 0 && out.includes('"end"') ? JSON.parse(out) : null;
  });
}
