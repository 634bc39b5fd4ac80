import type { GateResult, Reason } from "../../schemas/verdict.ts";
import type { LoadedPolicy } from "../facts.ts";
import { type Known, known } from "../known.ts";
import { foreignAgent } from "../people/agents.ts";
import { holders } from "../people/authority.ts";
import { untracedCommits } from "../people/authorship.ts";
import { givenElsewhere, isForBase, type Target } from "../people/retarget.ts";
import type { Adoption, PullRecord } from "../pull-record.ts";
import {
  alwaysOn,
  authorOf,
  type FactsWith,
  forRuns,
  insteadOf,
  notApplicable,
  policyLine,
  result,
  unknownResult,
} from "./gate.ts";

const name = "trace";

/** The adoptions that count for the pull request's base branch. */
function countingAdoptions({ adoptions }: PullRecord, target: Target): Adoption[] {
  return adoptions.filter((one) => {
    const forBase = isForBase(one, target);
    return forBase.known && forBase.value;
  });
}

/** A sentence that says that a commit was adopted for another branch; empty if nobody adopted it. */
function adoptedElsewhere(record: PullRecord, sha: string, target: Target): string {
  const adoption = record.adoptions.findLast(({ commits }) => commits.includes(sha));
  return adoption === undefined
    ? ""
    : ` @${adoption.by.login}'s adoption (entry ${adoption.seq}) was given ${givenElsewhere(adoption, target)}.`;
}

/** Which changes without a run need a trace by the policy, in words; null if this change needs none. */
function wantedFor({ pull, commits }: FactsWith<"record">, { policy }: LoadedPolicy): Known<string | null> {
  const of = policy.gates[name]?.of ?? "runs";
  if (of !== "agents") return known(of === "all" ? "of every change" : null);
  // GitHub states the account and its type. What a text says of an agent is a claim, and asks for more, never for less.
  const isPersons = pull?.author.type === "User";
  const agent = pull === null || !commits.known ? null : foreignAgent(pull, commits.value);
  if (agent?.by === "text" && isPersons)
    return known(`of every agent's change: ${agent.at} names ${agent.name}, which nobody checked`);
  if (isPersons) return commits.known ? known(null) : commits;
  return known(`of every change that no person opened${agent === null ? "" : `: ${agent.name} had part in it`}`);
}

/** A change that no run made traces to no prompt; if a person adopted each of its commits, it traces to them. */
function ofOthers(facts: FactsWith<"record">, policy: LoadedPolicy): GateResult | null {
  const { record } = facts;
  const { adoptions } = record;
  const wanted = wantedFor(facts, policy);
  if (!wanted.known) return unknownResult(name, "commits-unknown", wanted);
  const why = wanted.value;
  if (why === null && adoptions.length === 0) return null;
  if (!facts.commits.known) return unknownResult(name, "commits-unknown", facts.commits);
  const found = untracedCommits(facts.commits.value, record, facts);
  if (!found.known) return unknownResult(name, "retarget-unknown", found.why);
  const head = facts.head.sha;
  if (found.value.length === 0 && facts.commits.value.some(({ sha }) => sha === head)) {
    const people = [
      ...new Set(countingAdoptions(record, facts).map(({ by, seq }) => `@${by.login} (entry ${seq})`)),
    ].join(", ");
    const message = `No run made this change, so no prompt and no approval lead to it. Every commit was adopted, by ${people}.`;
    return result(name, "pass", { code: "adopted", message });
  }
  if (why === null)
    return notApplicable(name, "no-run", "No run of an agent made this pull request; a part of it was adopted.");
  const next = {
    step: `Read it and stand for it with \`/adopt ${head} because …\`; or plan the work as a story, and let a run make it.`,
    who: holders(policy.policy.people, "executors"),
  };
  const line = policyLine(policy, `gates.${name}.of`);
  if (adoptions.length === 0 || found.value.length === 0) {
    const message = `No run made this change, nobody adopted its head, and the policy asks for a trace ${why}.`;
    return result(name, "fail", { code: "no-run", message, ...line, next });
  }
  const reasons = found.value.map(({ sha }): Reason => {
    const message = `No run made the commit ${sha}, and nobody adopted it.${adoptedElsewhere(record, sha, facts)}`;
    return { code: "untraced-commit", message, ...line, next };
  });
  return result(name, "fail", ...reasons);
}

/** Why a pull request of others is judged as a run's; null in the run's own. */
function heldText({ held }: PullRecord): string | null {
  if (held === undefined) return null;
  const where = held.pull === null ? `prompt #${held.prompt}` : `#${held.pull}`;
  return `this pull request holds work of ${held.run} (${where}) in ${held.commit}, and is judged as that run's`;
}

/** A run is judged by its own contract, so one pull request cannot hold two: not even an adoption makes them one. */
function ofOtherRuns({ others = [] }: PullRecord, who: string): Reason[] {
  return others.map(({ commit, run, prompt, pull }) => {
    const message = `The commit ${commit} holds work of ${run}, prompt #${prompt}, whose contract is another one.`;
    const merge = pull === null ? "" : `, and merge #${pull} for it`;
    return { code: "other-run", message, next: { step: `Take the commit off${merge}.`, who } };
  });
}

/**
 * "If a change cannot be traced, it did not happen": our writer made every commit of a run's pull request from a
 * recorded answer to a recorded prompt of an approved plan, or a named person adopted it. Claims in a commit's message
 * or author field count for nothing. With `of: agents` or `all`, a change that no run made passes once a named person
 * has adopted every commit.
 */
export const trace = forRuns({
  name,
  group: "record",
  settings: alwaysOn,
  needs: ["record", "commits"],
  others: ofOthers,
  judge(facts) {
    const { run, record } = facts;
    const who = authorOf(facts);
    const found = untracedCommits(facts.commits, record, facts);
    if (!found.known) return unknownResult(name, "retarget-unknown", found.why);
    const reasons = found.value.map((commit): Reason => {
      const kind = commit.parents.length > 1 ? "merge commit" : "commit";
      const why = heldText(record) ?? `somebody else pushed it to the branch of ${run.run}`;
      const message = `The ${kind} ${commit.sha} leads to no recorded prompt: ${why}.${adoptedElsewhere(record, commit.sha, facts)}`;
      const last = record.evidence.at(-1)?.commit;
      const away =
        insteadOf(record) ??
        (last === undefined
          ? "Take it off this branch, into a pull request of its own"
          : `Set the branch back to ${last}, and put the commit into a pull request of its own`);
      const step = `${away}; or an executor stands for it with \`/adopt ${facts.head.sha} because …\`.`;
      return { code: "untraced-commit", message, next: { step, who } };
    });
    reasons.push(...ofOtherRuns(record, who));
    if (reasons.length > 0) return result(name, "fail", ...reasons);
    const { approval } = run;
    if (approval === null) {
      const message = `${run.run} was made from a contract, and the ledger has no approval of it.`;
      const next = { step: "Plan the story again and have it approved.", who: "a planner of the policy" };
      return result(name, "fail", { code: "no-approval", message, next });
    }
    const count = facts.commits.length;
    const adopted = countingAdoptions(record, facts).map(({ by, commits, seq }) => {
      const which = commits.length === 1 ? "1 commit" : `${commits.length} commits`;
      return ` @${by.login} adopted ${which} of others (entry ${seq}).`;
    });
    return result(name, "pass", {
      code: "traced",
      message: `${count === 1 ? "The commit leads" : `All ${count} commits lead`} to ${run.run}, prompt #${run.prompt} of story #${run.story}, approved by @${approval.by.login} (entry ${approval.seq}).${adopted.join("")}`,
    });
  },
});
