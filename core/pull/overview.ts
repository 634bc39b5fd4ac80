import type { Verdict } from "../../schemas/verdict.ts";
import type { Overview, Step } from "../decision.ts";
import { verdictText } from "../verdict/judge.ts";
import { blocking, titleOf } from "../verdict/report.ts";
import type { JudgedContext, PullSnapshot } from "./facts.ts";

/** The gates that wait for a person's word, and the word for it. */
const needed: Readonly<Record<string, string>> = {
  stop: "needs-answer",
  adr: "needs-approval",
  protected: "needs-review",
  review: "needs-review",
  "manual-test": "needs-sign-off",
};

/** Where an open pull request stands, from its verdict: what blocks first gives the next step. */
export function overviewOf({ facts, verdict }: JudgedContext): Step {
  const blocked = blocking(verdict);
  const next = blocked.flatMap(({ reasons }) => reasons.flatMap((reason) => reason.next ?? []))[0];
  const merge = { step: "Merge it.", who: "anyone who may merge" };
  const { step, who } = verdict.conclusion === "success" ? merge : (next ?? { step: "", who: "" });
  return {
    overview: {
      title: facts.judged.pull?.title ?? "",
      state: verdict.conclusion,
      needs: neededOf(verdict),
      blocks: titleOf(verdict),
      step,
      who,
      open: true,
      verdict: verdictText(verdict),
    },
  };
}

/** What fails or was not read comes before what people have to give. */
function neededOf({ gates }: Verdict): string | null {
  if (gates.some(({ status }) => status === "fail" || status === "unknown")) return null;
  return gates.flatMap(({ gate, status }) => (status === "pending" ? (needed[gate] ?? []) : []))[0] ?? null;
}

/** Where a closed pull request stands. Its last verdict is in the ledger. */
export function endOverview({ judged, merged }: PullSnapshot): Overview {
  const state = merged === null ? "closed" : "merged";
  return {
    title: judged.pull?.title ?? "",
    state,
    needs: null,
    blocks: "",
    step: "",
    who: "",
    open: false,
    verdict: null,
  };
}
