import type { ActionsRun } from "../../schemas/step.ts";
import { commandText } from "../contract/verification.ts";
import type { TypedEntry } from "../entries.ts";
import { attemptName } from "../identifiers.ts";
import { moneyText } from "../money.ts";
import { endText } from "../record/remediation-text.ts";
import { reviewText } from "../record/reviews.ts";
import { minutesOf, minutesText } from "../record/spent.ts";

/** The gates of a verdict with one status, after a word; empty: there are none. */
function gatesText(gates: Readonly<Record<string, string>>, status: string, word: string): string[] {
  const names = Object.entries(gates).flatMap(([gate, one]) => (one === status ? [gate] : []));
  return names.length === 0 ? [] : [`${word} ${names.join(", ")}`];
}

/** A workflow's run, and what its jobs took. */
export function actionsText(actions: ActionsRun): string {
  return `in run ${actions.run} on Actions, ${minutesText(minutesOf(actions))} of jobs`;
}

const routeText = (name: string | undefined) => (name === undefined ? [] : [`route ${name}`]);

/** What an entry says beside its kind and its numbers, in parts; people and models wrote some of them. */
export function entryDetail(entry: TypedEntry): string[] {
  switch (entry.kind) {
    case "command": {
      const { command, accepted, code, message } = entry.body;
      return [`/${command}`, accepted ? "accepted" : `refused (${code})`, message];
    }
    case "plan.proposed":
      return [`revision ${entry.body.revision}`, `risk ${entry.body.plan.risk}`, ...routeText(entry.body.route)];
    case "plan.failed":
      return [entry.body.code, entry.body.message];
    case "approval.granted":
      return [`revision ${entry.body.revision}`, entry.body.digest];
    case "verdict.given": {
      const { conclusion, head, gates } = entry.body;
      const blocking = [...gatesText(gates, "fail", "fails"), ...gatesText(gates, "pending", "waits")];
      return [`${conclusion} on ${head}`, ...blocking];
    }
    case "sign-off.given":
      return [`${entry.body.test} ${entry.body.result} on ${entry.body.sha}`, entry.body.notes].filter(
        (one) => one !== "",
      );
    case "waiver.given":
      return [`${entry.body.gate} on ${entry.body.sha} until ${entry.body.until}`, entry.body.reason];
    case "run.submitted":
      return [
        `by @${entry.body.by.login}`,
        ...routeText(entry.body.route),
        ...routeText(entry.body.reviewer).map((text) => `reviewer: ${text}`),
      ];
    case "prompt.recorded":
      return [attemptName(entry.body), `from ${entry.body.base}`];
    case "response.recorded": {
      const { outcome, code, usage, cost, seconds, tool, actions } = entry.body;
      const tokens = `${usage.inputTokens} tokens in, ${usage.outputTokens} out`;
      return [
        attemptName(entry.body),
        ...new Set([outcome, code]),
        `${usage.model}, ${usage.calls} calls, ${tokens}, ${seconds} s`,
        ...(cost === undefined ? [] : [moneyText(cost.micros, cost.currency)]),
        ...(tool === undefined ? [] : [`by ${[tool.name, tool.version].join(" ").trim()}`]),
        ...(actions === undefined ? [] : [actionsText(actions)]),
      ];
    }
    case "verification.recorded":
      return [attemptName(entry.body), ...entry.body.commands.map(commandText)];
    case "attempt.closed":
      return [
        attemptName(entry.body),
        entry.body.accepted ? "accepted" : "refused",
        ...entry.body.reasons.map(({ message }) => message),
      ];
    case "change.committed":
      return [entry.body.commit];
    case "merge.observed":
      return [`as ${entry.body.merged}`, entry.body.judged ? "after a success" : "past the check"];
    case "run.closed":
      return [entry.body.status, entry.body.reason];
    case "incident.raised":
      return [entry.body.code, entry.body.message];
    case "review.observed":
      return [reviewText(entry.body)];
    case "rework.opened":
      return [
        ...(entry.body.pull === undefined ? [] : [`#${entry.body.pull}`]),
        `round ${entry.body.round}`,
        entry.body.causes.join(", "),
      ];
    case "advice.asked":
      return [attemptName(entry.body), `about ${entry.body.head}`];
    case "advice.given": {
      const { outcome, code, findings } = entry.body;
      const must = findings.filter(({ severity }) => severity === "must").length;
      const told = outcome === "given" ? `${must} must, ${findings.length - must} should` : `none (${code})`;
      return [attemptName(entry.body), told, `about ${entry.body.head}`];
    }
    case "remediation.opened":
      return [entry.body.remediation, entry.body.origin, entry.body.signature.codes.join(", ")];
    case "remediation.closed":
      return [entry.body.remediation, entry.body.status, endText(entry.body)];
    case "concern.raised":
      return [entry.body.concern, entry.body.code, entry.body.message];
    case "concern.answered":
      return [entry.body.concern, entry.body.text];
    case "checkpoint.recorded":
      return [
        entry.body.checkpoint,
        `${entry.body.branch} ${entry.body.head === null ? "before its first commit" : `at ${entry.body.head}`}`,
      ];
    case "rollback.decided":
    case "rollback.done":
      return [entry.body.checkpoint, `${entry.body.branch} to ${entry.body.to ?? "before its first commit"}`];
    case "rollback.failed":
      return [entry.body.checkpoint, entry.body.code, entry.body.message];
    case "handoff.made": {
      const { from, to, carries } = entry.body;
      return [`${from.stage} (${from.holder}) to ${to.stage} (${to.holder})`, carries];
    }
    default:
      return [];
  }
}
