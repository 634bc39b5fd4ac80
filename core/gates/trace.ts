import type { Reason } from "../../schemas/verdict.ts";
import { adoptionOf } from "../authorship.ts";
import type { CommitFact, PullRecord } from "../facts.ts";
import { authorOf, type Gate, lacking, notApplicable, policyLine, result } from "../gate.ts";

const name = "trace";

/** The commits that no approved prompt leads to, and that nobody stands for. */
function untraced(commits: readonly CommitFact[], record: PullRecord): CommitFact[] {
  const recorded = new Set(record.evidence.map((one) => one.commit));
  return commits.filter(({ sha }) => !recorded.has(sha) && adoptionOf(record, sha) === undefined);
}

/**
 * "If a change cannot be traced, it did not happen": every commit of a run's pull request is one that our writer made of
 * a recorded answer to a recorded prompt of an approved plan, or one that a named person adopted. What a commit's message or author claims counts for
 * nothing. With `of: all` a change that no run made does not pass either.
 */
export const trace: Gate = {
  name,
  group: "record",
  changesOn: ["push", "base", "policy", "ledger"],
  judge(facts, policy) {
    if (!facts.record.known) return lacking(name, "record-unknown", facts.record.why);
    const record = facts.record.value;
    const who = authorOf(facts);
    const { run } = record;
    if (run === null && policy.policy.gates[name]?.of !== "all")
      return notApplicable(name, "no-run", "No run of an agent made this pull request.");
    if (run === null) {
      const message = "No run made this change, and the policy asks for a trace of every change.";
      const next = { step: "Plan the work as a story, and let a run make it.", who };
      return result(name, "fail", {
        code: "no-run",
        message,
        ...policyLine(policy, `gates.${name}.of`),
        next,
      });
    }
    if (!facts.commits.known) return lacking(name, "commits-unknown", facts.commits.why);
    const reasons = untraced(facts.commits.value, record).map((commit): Reason => {
      const kind = commit.parents.length > 1 ? "merge commit" : "commit";
      const message = `The ${kind} ${commit.sha} leads to no recorded prompt: somebody else pushed it to the branch of ${run.run}.`;
      const last = record.evidence.at(-1)?.commit;
      const away =
        last === undefined
          ? "Take it off this branch, into a pull request of its own"
          : `Set the branch back to ${last}, and put the commit into a pull request of its own`;
      const step = `${away}; or an executor stands for it with \`/adopt ${facts.head.sha} because …\`.`;
      return { code: "untraced-commit", message, next: { step, who } };
    });
    if (reasons.length > 0) return result(name, "fail", ...reasons);
    const { approval } = run;
    if (approval === null) {
      const message = `${run.run} was made from a contract, and the ledger has no approval of it.`;
      const next = { step: "Plan the story again and have it approved.", who: "a planner of the policy" };
      return result(name, "fail", { code: "no-approval", message, next });
    }
    const count = facts.commits.value.length;
    const adopted = record.adoptions.map(({ by, commits, seq }) => {
      const which = commits.length === 1 ? "1 commit" : `${commits.length} commits`;
      return ` @${by.login} adopted ${which} of others (entry ${seq}).`;
    });
    return result(name, "pass", {
      code: "traced",
      message: `${count === 1 ? "The commit leads" : `All ${count} commits lead`} to ${run.run}, prompt #${run.prompt} of story #${run.story}, approved by @${approval.by.login} (entry ${approval.seq}).${adopted.join("")}`,
    });
  },
};
