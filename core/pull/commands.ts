import { accept, type CommandAnswer, refuse } from "../answer.ts";
import type { CommandName, CommandOf } from "../commands.ts";
import { pullSubject, userActor } from "../entries.ts";
import { code } from "../escape.ts";
import type { CommandRequest } from "../facts.ts";
import { ci } from "../gates/ci.ts";
import { manualTests } from "../gates/manual-test.ts";
import { type Known, known } from "../known.ts";
import { otherHolders } from "../people/authority.ts";
import { adoptionOf, idsOf, requesters, whoseWork } from "../people/authorship.ts";
import { answerIn, type Handler, type Handlers } from "../people/command-handlers.ts";
import { isSinceRetarget } from "../people/retarget.ts";
import { openConcerns, openLine, stopsPull } from "../record/concerns.ts";
import { foldStory } from "../record/story.ts";
import { askRework } from "../story/reworking.ts";
import { judge } from "../verdict/judge.ts";
import { titleOf } from "../verdict/report.ts";
import { waived, waivingPeople } from "../verdict/waiver.ts";
import { adopt } from "./adopt.ts";
import type { CommandContext, PullSnapshot } from "./facts.ts";

const handlers: Handlers<"pull", CommandContext> = {
  status: ({ facts, record, loaded }) => {
    const policy = known({ state: "loaded" as const, ...loaded });
    const verdict = judge({ ...facts.judged, policy, record: known(record) }, { settle: "all" });
    return accept(
      "shown",
      `**${titleOf(verdict)}** on ${facts.judged.head.sha}. The check \`sallyport\` has the whole.`,
    );
  },
  "sign-off": forThisBase(signOff),
  waive: forThisBase(waive),
  adopt: forThisBase(adopt),
  rework,
  block: () => accept("blocked", "Blocked until somebody answers with `/clarify <answer>`."),
  clarify: ({ record, facts }) =>
    record.stops.some((one) => one.issue === facts.number)
      ? accept("clarified", "Taken up again: the block is answered.")
      : refuse("nothing-open", "Nothing is open here that waits for an answer."),
};

/** Answers one command on a pull request; null while a needed fact cannot be read. */
export function answerOnPull(request: CommandRequest, context: CommandContext): CommandAnswer | null {
  const { state, merged } = context.facts;
  const line =
    merged === null
      ? "This pull request is closed. Open it again, then write a new comment."
      : "This pull request is merged. What is left to do takes a new one.";
  return answerIn("pull", handlers, context, request, state === "closed" ? refuse("closed", line) : null);
}

/**
 * Refuses a command that was written before the pull request's base branch last changed: a sign-off, waiver or adoption
 * is for the branch that the commit would enter, and this one was meant for another.
 */
function forThisBase<N extends CommandName>(handle: Handler<N, CommandContext>): Handler<N, CommandContext> {
  return (context, request, command) => {
    const answer = handle(context, request, command);
    if (answer === null || !answer.accepted) return answer;
    const since = isSinceRetarget(request.at, context.facts.judged);
    if (!since.known) return null;
    return since.value
      ? answer
      : refuse(
          "retargeted",
          "You wrote this before the pull request was pointed at the branch that it enters now. Look at it again and write a new comment.",
        );
  };
}

/** Answers `/rework`: the agent of a run goes on with its change. */
function rework({ record, facts, loaded }: CommandContext): CommandAnswer {
  if (record.run === null || record.held !== undefined)
    return refuse("no-run", "No run made this pull request, so it has no agent that could go on with it.");
  const where = { pull: facts.number, story: record.run.story };
  // A concern about rework is no obstacle: this command is the answer to it.
  const open = openConcerns(facts.entries).filter((one) => stopsPull(one, where) && one.about.type !== "rework");
  const places = [...new Set(open.map(({ issue }) => `#${issue}`))].join(" and ");
  if (open.length > 0) return refuse("blocked", `${openLine(open, loaded.policy.people)} Do that on ${places}.`);
  const story = foldStory(record.run.story, facts.entries);
  const prompt = story.prompts.find(({ pull }) => pull === facts.number);
  return prompt === undefined
    ? refuse("no-run", "A newer plan replaced what this pull request was made for.")
    : askRework(prompt, story);
}

/** Answers `/sign-off`: somebody who did not ask for the change tested this commit, once its checks passed. */
function signOff(
  context: CommandContext,
  request: CommandRequest,
  command: CommandOf<"sign-off">,
): CommandAnswer | null {
  const { facts, loaded, record } = context;
  const head = facts.judged.head.sha;
  const judged = { ...facts.judged, policy: facts.policy, record: known(record) };
  const tests = manualTests(loaded.policy);
  if (command.sha !== head) {
    return refuse("head-moved", `You signed ${command.sha}, but the head is ${head}. Test that commit and sign it.`);
  }
  if (!tests.includes(command.test)) {
    return refuse(
      "not-a-listed-test",
      `There is no test \`${command.test}\` to sign off; there is: ${tests.join(", ")}.`,
    );
  }
  const { status } = waived(ci.judge(judged, loaded), judged, loaded);
  if (status === "unknown") return null;
  if (command.result === "pass" && status !== "pass" && status !== "not-applicable")
    return refuse(
      "ci-first",
      `The checks that the policy asks for have not passed on ${head}. Sign it off once \`ci\` passes.`,
    );
  const work = whoseWork(request.by, idsOf(requesters(facts.judged, record)), loaded.policy.people);
  if (work === "own") {
    const who = otherHolders(loaded.policy.people, "approvers", [request.by]);
    return refuse(
      "own-work",
      `You asked for this change, so somebody else signs it off: ${who} (\`people.separation: strict\`).`,
    );
  }
  const isBacked = hasEvidence(context);
  if (!isBacked.known) return null;
  if (!isBacked.value)
    return refuse(
      "no-evidence",
      "There is no recorded evidence for this commit yet; sign it off once the gate `evidence` passes.",
    );
  if (request.source.type !== "comment") return refuse("wrong-place", "A sign-off is a comment.");
  return accept(
    "signed-off",
    `Read as: \`${command.test}\` ${command.result === "pass" ? "passed" : "failed"} on ${head}, tested by @${request.by.login}.`,
    [
      {
        kind: "sign-off.given",
        actor: userActor(request.by),
        subject: [pullSubject(facts.number, head)],
        body: {
          ...actOn(facts, request.source.id),
          test: command.test,
          result: command.result,
          ...notesOf(command.text),
          solo: work === "own-but-solo",
        },
      },
    ],
  );
}

/** Whether the head has recorded evidence where a run made the change, or was adopted. */
function hasEvidence({ facts, record }: CommandContext): Known<boolean> {
  const head = facts.judged.head.sha;
  if (record.run === null || record.evidence.some(({ commit }) => commit === head)) return known(true);
  const adoption = adoptionOf(record, head, facts.judged);
  return adoption.known ? known(adoption.value !== null) : adoption;
}

/** What the entry of a person's act on the head holds, whatever they did; `comment`: where they did it. */
function actOn({ number: pull, judged }: PullSnapshot, comment: number) {
  return { pull, sha: judged.head.sha, baseRef: judged.base.ref, comment };
}

/** Parses the lines below a sign-off: `Environment:` begins the line about where it was tested, the rest are notes. */
function notesOf(text: string): { environment: string; notes: string } {
  const lines = text.split("\n");
  const index = lines.findIndex((line) => /^environment:/i.test(line));
  const environment = index < 0 ? "" : (lines[index] ?? "").replace(/^environment:\s*/i, "").trim();
  return {
    environment,
    notes: lines
      .filter((_, at) => at !== index)
      .join("\n")
      .trim(),
  };
}

const dayMs = 86_400_000;

/**
 * Answers `/waive`: one gate passes on one commit, for at most the policy's days; nobody waives for their own change.
 */
function waive(
  { facts, loaded, record }: CommandContext,
  request: CommandRequest,
  command: CommandOf<"waive">,
): CommandAnswer {
  const head = facts.judged.head.sha;
  const { waivers, people } = loaded.policy;
  const { gate, sha, until } = command;
  if (waivers === undefined)
    return refuse("no-waivers", "The policy allows no waivers; a maintainer lists gates under `waivers.gates`.");
  if (!waivers.gates.some((one) => one === gate)) {
    const list = waivers.gates.join(", ");
    return refuse("not-waivable", `The policy does not let ${code(gate)} be waived; it does: ${list}.`);
  }
  if (sha !== head)
    return refuse("head-moved", `You named ${sha}, but the head is ${head}. Look at that commit and waive for it.`);
  const last = new Date(Date.parse(`${facts.judged.day}T00:00:00Z`) + waivers.days * dayMs).toISOString().slice(0, 10);
  if (until < facts.judged.day || until > last) {
    return refuse(
      "bad-day",
      `A waiver holds from today, ${facts.judged.day} in UTC, to ${last} at the latest (\`waivers.days\`), not until ${until}.`,
    );
  }
  if (whoseWork(request.by, idsOf(requesters(facts.judged, record)), people) === "own") {
    const who = otherHolders(people, waivers.by, [request.by]);
    return refuse("own-work", `You asked for this change, so somebody else waives the gate: ${who}.`);
  }
  if (request.source.type !== "comment") return refuse("wrong-place", "A waiver is a comment.");
  const wanted = waivingPeople(gate, waivers);
  return accept(
    "waived",
    `Read as: \`${gate}\` is waived on ${head} to the end of ${until} in UTC by @${request.by.login}.${wanted > 1 ? ` It takes ${wanted} people.` : ""}`,
    [
      {
        kind: "waiver.given",
        actor: userActor(request.by),
        subject: [pullSubject(facts.number, head)],
        body: { ...actOn(facts, request.source.id), gate, until, reason: command.text },
      },
    ],
  );
}
