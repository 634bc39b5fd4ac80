import type { Policy } from "../../schemas/policy.ts";
import type { GateResult, GateStatus, Reason } from "../../schemas/verdict.ts";
import type { Change, FactValues, LoadedPolicy, PullBasics, PullFacts } from "../facts.ts";
import type { Known, Unread } from "../known.ts";
import type { PatternList } from "../paths/pattern-list.ts";
import type { PullRecord, PullRun } from "../pull-record.ts";

type FactName = keyof FactValues;

/** The facts that are known before any file's text is read. */
export type ReadingFacts = { changes: readonly Change[]; record: PullRecord | null };

type Described<Name extends string> = {
  name: Name;
  /**
   * `content` gates are settled by the two commits and the policy alone, `record` gates need the ledger, `people` gates
   * wait for somebody.
   */
  group: "content" | "record" | "people";
  /**
   * The paths whose text the gate reads, whether the change touches them or not; a path that ends in `/` stands for the
   * files directly in a folder. Absent: none.
   */
  reads?(facts: ReadingFacts, policy: LoadedPolicy): string[];
  /** The gate's lists of path patterns in the policy. Absent: none. */
  lists?(policy: Policy): PatternList[];
};

/** One rule over facts. */
export type Gate<Name extends string = string> = Described<Name> & {
  /** If one of these facts is unknown, the gate's result is unknown, wherever the policy asks for the gate. */
  needs: readonly FactName[];
  /** Whether the policy asks for the gate, of some change at least. */
  isAsked(policy: Policy): boolean;
  /** Pure. The facts hold changes and texts ordered by path. */
  judge(facts: PullFacts, policy: LoadedPolicy): GateResult;
};

/** A pull request's facts of which those named by `N` were read; the others may still be unknown. */
export type FactsWith<N extends FactName> = Omit<PullFacts, N> & Pick<FactValues, N>;

/** The settings of a gate that the policy does not ask for: a sentence that says so. */
type NotConfigured = { notConfigured: string };

/**
 * A gate as its file defines it: `judge` is called only if the policy asks for the gate and the facts it needs were
 * read.
 */
type Definition<Name extends string, N extends FactName, S, Facts> = Described<Name> & {
  /** The gate's settings in the policy, or that there are none. */
  settings(policy: Policy): S | NotConfigured;
  /** If one of these facts is unknown, so is the result, with the reason of the first of them. */
  needs: readonly N[];
  judge(facts: Facts, policy: LoadedPolicy, settings: S): GateResult;
};

/**
 * Makes a gate that does not apply if the policy does not configure it, and is unknown while a fact it needs is
 * unknown.
 */
export function defineGate<Name extends string, N extends FactName, S>(
  definition: Definition<Name, N, S, FactsWith<N>>,
): Gate<Name> {
  const { name, settings, needs } = definition;
  return {
    ...definition,
    isAsked: (policy) => !isNotConfigured(settings(policy)),
    judge(facts, policy) {
      const found = settings(policy.policy);
      if (isNotConfigured(found)) return notApplicable(name, "not-configured", found.notConfigured);
      return withFacts(name, facts, needs, (read) => definition.judge(read, policy, found));
    },
  };
}

/**
 * Makes a gate for the changes of runs; its `judge` gets the run too. `others` judges a change that no run made; if it
 * is absent or returns null, the gate does not apply. The other needed facts are only checked for a run. Evidence whose
 * run is not known is unknown.
 */
export function forRuns<Name extends string, N extends FactName, S>({
  others,
  ...definition
}: Definition<Name, N, S, FactsWith<N> & { run: PullRun }> & {
  others?(facts: FactsWith<"record">, policy: LoadedPolicy): GateResult | null;
}): Gate<Name> {
  const { name, needs } = definition;
  const whole = defineGate({
    ...definition,
    needs: [],
    judge: (facts, policy, settings: S) =>
      withFacts(name, facts, ["record"], (told) => {
        const { run } = told.record;
        if (run === null) {
          // The kind of record must not decide: evidence without its run is a run's change all the same.
          if (told.record.evidence.length > 0) return unknownResult(name, "run-unknown", lostRun);
          return others?.(told, policy) ?? notApplicable(name, "no-run", "No run of an agent made this pull request.");
        }
        return withFacts(name, facts, needs, (read) => definition.judge({ ...read, run }, policy, settings));
      }),
  });
  return { ...whole, needs: ["record", ...needs] };
}

/** For a gate that no setting turns off. */
export const alwaysOn = () => true;

/** The settings of a gate that the policy does not ask for. `message` is a sentence that says so. */
export function notConfigured(message: string): NotConfigured {
  return { notConfigured: message };
}

function isNotConfigured<S>(settings: S | NotConfigured): settings is NotConfigured {
  return typeof settings === "object" && settings !== null && "notConfigured" in settings;
}

/** Calls `judge` if all needed facts were read; otherwise the result is unknown, for the first that was not. */
export function withFacts<N extends FactName>(
  gate: string,
  facts: PullFacts,
  needs: readonly N[],
  judge: (read: FactsWith<N>) => GateResult,
): GateResult {
  const given: { [F in N]: Known<FactValues[F]> } = facts;
  const read: { [F in N]?: FactValues[F] } = {};
  for (const need of needs) {
    const fact = given[need];
    if (!fact.known) return unknownResult(gate, codeOf(need), fact);
    read[need] = fact.value;
  }
  if (!areRead(read, needs)) throw new TypeError("a fact that was read is there");
  return judge({ ...facts, ...read });
}

function areRead<N extends FactName>(
  read: { [F in N]?: FactValues[F] },
  needs: readonly N[],
): read is Pick<FactValues, N> {
  return needs.every((need) => read[need] !== undefined);
}

function codeOf(need: FactName): string {
  return need === "mergeBase" ? "merge-base-unknown" : `${need}-unknown`;
}

/** The reason when the run that made a change is not known. */
const lostRun = "The ledger has evidence for this pull request and not the run that made it.";

/** Builds a gate's result. */
export function result(gate: string, status: GateStatus, ...reasons: Reason[]): GateResult {
  return { gate, status, reasons };
}

/** The status of several results together: the worst of those that block, or `pass`. */
export function worstOf(results: readonly { status: GateStatus }[]): "fail" | "unknown" | "pending" | "pass" {
  const worst = (["fail", "unknown", "pending"] as const).find((one) => results.some(({ status }) => status === one));
  return worst ?? "pass";
}

/** The result of a gate that lacks a fact. It blocks until the fact can be read: an unknown fact never passes. */
export function unknownResult(gate: string, code: string, fact: string | Omit<Unread, "known">): GateResult {
  const { why, step } = typeof fact === "string" ? { why: fact } : { step: undefined, ...fact };
  const wait = {
    step: "Wait: it is read again at the next event. If it stays so, see what stands in the way.",
    who: "a maintainer",
  };
  const next = step === undefined ? wait : { step, who: "the author of the change" };
  return result(gate, "unknown", { code, message: why, next });
}

/** The result of a gate that does not apply to this change. */
export function notApplicable(gate: string, code: string, message: string): GateResult {
  return result(gate, "not-applicable", { code, message });
}

/** The first half of a next step in a pull request of others that holds a run's work; null in any other. */
export function insteadOf({ held }: PullRecord): string | null {
  if (held === undefined) return null;
  const where = held.pull === null ? `the work of prompt #${held.prompt}` : `#${held.pull}`;
  return `Go on with ${where} instead, where ${held.run} made this`;
}

/** Who made the change, for a next step. */
export function authorOf({ pull }: Pick<PullBasics, "pull">): string {
  return pull === null ? "the author of the change" : `@${pull.author.login}, the author`;
}

/** The gates of the built-in pack: the policy asks for them by name, or with `extends: default`. */
type BuiltInGate = "harness" | "secrets" | "tests";

/** Whether the policy asks for a gate of the built-in pack. */
export function asksFor({ gates, extends: pack }: Policy, gate: BuiltInGate): boolean {
  return gates[gate] !== undefined || pack === "default";
}

/** The policy's line that asks for a gate of the built-in pack, to spread into a reason. */
export function askingLine(policy: LoadedPolicy, gate: BuiltInGate): Pick<Reason, "policyLine"> {
  return policyLine(policy, policy.policy.gates[gate] === undefined ? "extends" : `gates.${gate}`);
}

/** The line of a key in the policy, to spread into a reason; empty if the policy does not write the key out. */
export function policyLine(policy: LoadedPolicy, key: string): Pick<Reason, "policyLine"> {
  const line = policy.lines[key];
  return line === undefined ? {} : { policyLine: line };
}
