import { Policy } from "../../schemas/policy.ts";
import { playStory, policy, type Story, samplePlan } from "./story.ts";

export const commit = "1".repeat(40);
export const digest = "2".repeat(64);

/** A story whose first prompt has its commit as #11; at the level `tests` its commands ran. */
export function verifiedStory(execution: "none" | "tests", verification: string[], agents: object = {}): Story {
  const story = playStory();
  const roles = { web: { allow: ["web/**"], execution } };
  story.state.policy = Policy.parse({ version: 1, people: policy.people, roles, extends: "default", agents });
  story.say("lena", "/plan");
  story.propose({ ...samplePlan, verification });
  story.say("quinn", `/approve ${story.digest()}`);
  story.openPrompts();
  story.say("lena", "/run");
  story.answer();
  const ran = { argv: ["npm", "test"], exit: 0, seconds: 3, output: digest, excerpt: "" };
  const install = { argv: ["npm", "ci"], exit: 0, seconds: 5, output: "3".repeat(64), excerpt: "" };
  if (execution === "tests")
    story.finish("run-commands", {
      status: "done",
      result: { type: "verification", install, commands: [ran], evidence: [] },
    });
  const parent = story.state.base;
  story.finish("write-change", { status: "done", result: { type: "commit", commit, tree: commit, parent, files: [] } });
  story.finish("open-pull", { status: "done", result: { type: "pull", number: 11 } });
  return story;
}
