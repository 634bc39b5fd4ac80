import { maxAdopted } from "../../schemas/limits.ts";
import type { Account } from "../../schemas/text.ts";
import { accept, type CommandAnswer, refuse } from "../answer.ts";
import type { CommandOf } from "../commands.ts";
import { pullSubject, userActor } from "../entries.ts";
import type { CommandRequest, LoadedPolicy } from "../facts.ts";
import { idsOf, untracedCommits, whoseWork } from "../people/authorship.ts";
import type { PullRecord } from "../pull-record.ts";
import { approvedContract } from "../record/adopted-plan.ts";
import type { CommandContext, PullSnapshot } from "./facts.ts";

/**
 * Answers `/adopt` for commits that lead to no prompt: those that somebody pushed to a run's branch, and those of a
 * pull request that no run made. A person may adopt them; from then on they count as that person's work, which somebody
 * else signs off. What the change says of itself is recorded as claims. Null while a needed fact cannot be read.
 */
export function adopt(
  { facts, loaded, record }: CommandContext,
  request: CommandRequest,
  command: CommandOf<"adopt">,
): CommandAnswer | null {
  const { judged, number } = facts;
  const head = judged.head.sha;
  const plan = planFor(command.story, request, facts, loaded, record);
  if ("accepted" in plan) return plan;
  if (command.sha !== head)
    return refuse("head-moved", `You named ${command.sha}, but the head is ${head}. Read that commit and adopt it.`);
  if (!judged.commits.known) return null;
  const untraced = untracedCommits(judged.commits.value, record, judged);
  if (!untraced.known) return null;
  const foreign = untraced.value.map(({ sha }) => sha).sort();
  if (foreign.length === 0)
    return refuse("nothing-foreign", "Every commit up to this one leads to a recorded prompt or was adopted already.");
  if (foreign.length > maxAdopted)
    return refuse(
      "too-many",
      `Nobody reads ${foreign.length} commits; at most ${maxAdopted} are adopted at once. Open a pull request of their own.`,
    );
  if (request.source.type !== "comment") return refuse("wrong-place", "An adoption is a comment.");
  const count = foreign.length === 1 ? "1 commit" : `${foreign.length} commits`;
  const inside = plan.story === undefined ? "" : `; it stays inside the plan of story #${plan.story}`;
  const line = `Read as: @${request.by.login} stands for ${count} up to ${head} that no run made; somebody else signs it off${inside}.`;
  const tree = judged.commits.value.find(({ sha }) => sha === head)?.tree;
  const claims = claimsAbout(foreign, facts, record);
  return accept("adopted", line, [
    {
      kind: "change.adopted",
      actor: userActor(request.by),
      subject: [pullSubject(number, head)],
      body: {
        pull: number,
        head,
        baseRef: judged.base.ref,
        commits: foreign,
        reason: command.text,
        comment: request.source.id,
        ...(tree === undefined ? {} : { tree }),
        ...(judged.pull === null ? {} : { author: judged.pull.author }),
        ...plan,
        ...(claims.length === 0 ? {} : { claims }),
      },
    },
  ]);
}

/**
 * The approved contract of the story that the command names, or why it cannot be adopted for it. A command without a
 * story keeps the plan of an earlier adoption.
 */
function planFor(
  story: number | undefined,
  { by }: CommandRequest,
  { entries }: PullSnapshot,
  { policy }: LoadedPolicy,
  { run, adoptions, adoptedFor }: PullRecord,
): { story?: number; digest?: string } | CommandAnswer {
  /** Whether the plan's approver also adopts a part of the change. */
  const isOwn = (approver: { id: number }, adopters: Account[]) =>
    whoseWork(approver, idsOf(adopters), policy.people) === "own";
  if (story === undefined)
    return adoptedFor !== undefined && isOwn(adoptedFor.approval.by, [by]) ? ownApproval(adoptedFor.story) : {};
  if (run !== null)
    return refuse(
      "has-story",
      `${run.run} made this pull request for story #${run.story}. Adopt its other commits without naming one.`,
    );
  const contract = approvedContract(entries, story);
  if (contract === null) return refuse("no-approved-plan", `The ledger has no story #${story} with an approved plan.`);
  const adopters = [by, ...adoptions.map((one) => one.by)];
  if (isOwn({ id: contract.approvedBy }, adopters)) return ownApproval(story);
  return { story, digest: contract.digest };
}

function ownApproval(story: number): CommandAnswer {
  return refuse(
    "own-approval",
    `Whoever approved the plan of story #${story} adopts no part of a change for it (\`people.separation: strict\`).`,
  );
}

/** The claims of the adopted commits, and those of the description where no run wrote it. */
function claimsAbout(commits: readonly string[], { claims = [] }: PullSnapshot, { run }: PullRecord) {
  const sources = new Set(commits.map((sha) => `commit ${sha}`));
  return claims.filter(({ source }) => (source === "description" ? run === null : sources.has(source)));
}
