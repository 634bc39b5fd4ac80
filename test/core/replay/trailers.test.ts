import { expect, test } from "@jest/globals";
import { known } from "../../../core/known.ts";
import { replayRun } from "../../../core/replay/replay.ts";
import { Policy } from "../../../schemas/policy.ts";
import { recordedRun } from "../../builders/recorded-run.ts";
import { playStory, policy as sample } from "../../builders/story.ts";

const policy = Policy.parse({
  ...sample,
  agents: { trailers: ["Assisted-by: {agent}:{model}", "Run: {run}"] },
});
const story = playStory();
story.state.policy = policy;
const { entries, sources } = recordedRun(policy, story);
const git = sources.git;
if (git === null) throw new Error("there is no clone");
const ends = (change: (message: string) => string) =>
  new Map(
    [...git.commits].map(([sha, one]) => [
      sha,
      one.known ? known({ ...one.value, message: change(one.value.message) }) : one,
    ]),
  );
const trailers = (commits: typeof git.commits, more: Partial<typeof sources> = {}) =>
  replayRun("run-2-1", entries, { ...sources, ...more, git: { ...git, commits } })?.steps.flatMap(({ step, result }) =>
    step === "trailers" ? [result] : [],
  );

test("G15: a commit ends with the policy's trailers, filled, and a replay derives them again", () => {
  for (const one of git.commits.values())
    if (one.known) expect(one.value.message).toMatch(/\nAssisted-by: Sallyport:m\nRun: run-2-1\n$/);
  expect(trailers(git.commits)).toEqual(["same", "same"]);
  expect(trailers(ends((message) => message.replace("Sallyport:m", "Lena:m")))).toEqual(["differs", "differs"]);
  expect(trailers(ends((message) => message.replace("Run: run-2-1\n", "")))).toEqual(["differs", "differs"]);
});
