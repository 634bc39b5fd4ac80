import { policyPath } from "../../schemas/limits.ts";
import type { GateResult, Reason, Verdict } from "../../schemas/verdict.ts";
import type { OnCrash } from "../errors.ts";
import type { LoadedPolicy, PolicyReading, PullFacts, SecretFinding } from "../facts.ts";
import { type Gate, unknownResult } from "../gates/gate.ts";
import { problemReasons } from "../gates/policy.ts";
import { gateNames, gates } from "../gates/registry.ts";
import { type Known, known } from "../known.ts";
import { byPath } from "../paths/patterns.ts";
import { engine } from "./engine.ts";
import { notSetUp } from "./report.ts";
import { waived } from "./waiver.ts";

/** The most reasons that one gate gives; the rest are counted, so that a verdict stays readable and small. */
const maxReasons = 100;

/** The same facts in an order that does not depend on how they were listed; reviews and checks have ids to go by. */
function ordered(facts: PullFacts): PullFacts {
  const { changes, texts, commits, secrets } = facts;
  const sorted = <T>(list: Known<T[]>, order: (one: T, other: T) => number): Known<T[]> =>
    list.known ? known(list.value.toSorted(order)) : list;
  return {
    ...facts,
    changes: sorted(changes, byPath),
    texts: sorted(texts, byPath),
    commits: sorted(commits, (one, other) => (one.sha < other.sha ? -1 : 1)),
    secrets: sorted(secrets, (one, other) => (locationKey(one) < locationKey(other) ? -1 : 1)),
  };
}

function locationKey({ commit, path, line, where, rule }: SecretFinding): string {
  return JSON.stringify([commit, path, String(line).padStart(9), where, rule]);
}

function shortened(result: GateResult): GateResult {
  const { gate, status, reasons } = result;
  const left = reasons.length - maxReasons;
  if (left <= 0) return { gate, status, reasons };
  const message = `${left} more reasons like these are left out.`;
  const next = reasons[0]?.next;
  const last = { code: "more", message, ...(next === undefined ? {} : { next }) };
  return { gate, status, reasons: [...reasons.slice(0, maxReasons), last] };
}

/**
 * Runs one gate. A gate that crashes is unknown, never a pass. The error goes only to the log: its wording differs
 * between versions of Node, and the same facts must give the same verdict.
 */
function askGate(gate: Gate, facts: PullFacts, policy: LoadedPolicy, onCrash: OnCrash | undefined): GateResult {
  try {
    return shortened(waived(gate.judge(facts, policy), facts, policy));
  } catch (error) {
    onCrash?.({ gate: gate.name, error });
    const message = "This gate crashed. The error is in the log of the program that judged.";
    const next = {
      step: "Report this at the project of Sallyport, with the error from the log.",
      who: "a maintainer",
    };
    return { gate: gate.name, status: "unknown", reasons: [{ code: "gate-crashed", message, next }] };
  }
}

/** The result shown in place of all gates if there is no valid policy. */
function policyProblem(
  reading: Exclude<PolicyReading, { state: "loaded" }>,
  { defaultBranch, policyBranch: branch = defaultBranch, proposed }: PullFacts,
): GateResult {
  const who = "a maintainer";
  const gate = "policy";
  const brought = proposed.known ? proposed.value : null;
  const mended =
    brought?.state === "malformed" ? problemReasons(brought.problems, { step: "Mend it in this change.", who }) : [];
  const repair = (step: string) =>
    brought?.state === "loaded"
      ? // A repair is judged by the last valid policy, if there is one.
        {
          step: `Merge this change past the check: the last commits of \`${branch}\` have no valid policy to judge it by.`,
          who: "an administrator",
        }
      : { step: `${step} It is judged by the last valid policy, and an architect of that one approves it.`, who };
  if (reading.state === "malformed") {
    const next = repair(`Mend \`${policyPath}\` of \`${branch}\` in a pull request.`);
    return { gate, status: "fail", reasons: [...problemReasons(reading.problems, next), ...mended] };
  }
  if (reading.removedBy !== null) {
    const message = `The policy was removed from \`${branch}\` by commit ${reading.removedBy}.`;
    const next = repair(`Put \`${policyPath}\` back in a pull request.`);
    return { gate, status: "fail", reasons: [{ code: "policy-removed", message, path: policyPath, next }, ...mended] };
  }
  const message = `Sallyport is not set up yet: \`${branch}\` has no \`${policyPath}\`.`;
  const step =
    brought === null || brought.state === "absent"
      ? `Run \`npx sallyport init\` and merge the \`${policyPath}\` that it writes.`
      : // The change may be on its way into another branch, or no pull request yet.
        `To have the policy that this change brings, ${mended.length > 0 ? "mend it and " : ""}merge it into \`${branch}\`.`;
  const reasons = [{ code: notSetUp, message, path: policyPath, next: { step, who } }, ...mended];
  return { gate, status: "pending", reasons };
}

/** The conclusion of all results: any `fail` fails, and success needs every result to be `pass` or `not-applicable`. */
export function conclude(results: readonly GateResult[]): Verdict["conclusion"] {
  if (results.some(({ status }) => status === "fail")) return "failure";
  return results.every(({ status }) => status === "pass" || status === "not-applicable") ? "success" : "pending";
}

/**
 * Judges one pull request, by nothing but the facts: the same facts give the same verdict in App, Action and command
 * line. `settle: "content"` is for a host without the ledger: it judges the gates that the commits alone settle, and
 * names the others in `deferred`. Success needs every gate judged here to pass or not to apply.
 */
export function judge(
  facts: PullFacts,
  { settle, onCrash }: { settle: "content" | "all"; onCrash?: OnCrash | undefined },
): Verdict {
  const judged = gateNames.filter((name) => settle === "all" || gates[name].group === "content");
  const deferred = gateNames.filter((name) => !judged.includes(name));
  const reading = facts.policy;
  const policy =
    reading.known && reading.value.state !== "absent" ? { ref: reading.value.ref, blob: reading.value.blob } : null;
  const verdict = (results: GateResult[]): Verdict => ({
    conclusion: conclude(results),
    base: facts.base.sha,
    head: facts.head.sha,
    policy,
    engine,
    gates: results,
    deferred,
    ...(facts.pull?.draft === true ? { draft: true } : {}),
  });
  if (!reading.known) {
    return verdict([unknownResult("policy", "policy-unknown", `The policy could not be read: ${reading.why}`)]);
  }
  const found = reading.value;
  if (found.state !== "loaded") return verdict([policyProblem(found, facts)]);
  const sorted = ordered(facts);
  return verdict(signOffsAfterCi(judged.map((name) => askGate(gates[name], sorted, found, onCrash))));
}

/** The results, in which nobody is asked for a sign-off before `ci` passes: people test what the machines accept. */
function signOffsAfterCi(results: GateResult[]): GateResult[] {
  const checks = results.find(({ gate }) => gate === "ci")?.status;
  if (checks === undefined || checks === "pass" || checks === "not-applicable") return results;
  const next = { step: "Wait until `ci` passes; then this commit is tested and signed off.", who: "nobody yet" };
  const later = (reason: Reason): Reason =>
    reason.code === "not-signed-off" ? { ...reason, code: "sign-off-after-ci", next } : reason;
  return results.map((result) => ({ ...result, reasons: result.reasons.map(later) }));
}

/**
 * A verdict's bytes: JSON in a fixed order of keys, indented by two, with a newline at the end. Its SHA-256 names the
 * verdict.
 */
export function verdictText(verdict: Verdict): string {
  const { conclusion, base, head, policy, engine: version, gates: results, deferred, draft } = verdict;
  const plain = {
    conclusion,
    base,
    head,
    policy: policy === null ? null : { ref: policy.ref, blob: policy.blob },
    engine: version,
    gates: results.map(({ gate, status, reasons }) => ({
      gate,
      status,
      reasons: reasons.map(({ code, message, path, line, policyLine, next }) => ({
        code,
        message,
        path,
        line,
        policyLine,
        next: next === undefined ? undefined : { step: next.step, who: next.who },
      })),
    })),
    deferred,
    draft,
  };
  return `${JSON.stringify(plain, null, 2)}\n`;
}
