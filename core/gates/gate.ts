import type { Policy } from "../../schemas/policy.ts";
import type { GateResult, GateStatus, Reason } from "../../schemas/verdict.ts";
import type {
  Change,
  FactValues,
  LoadedPolicy,
  PullBasics,
  PullFacts,
  PullRecord,
  PullRun,
} from "../facts.ts";
import type { Known } from "../known.ts";
import type { PatternList } from "../paths/pattern-list.ts";

type FactName = keyof FactValues;

/** What is known before any file's text is read. */
export type ReadingFacts = { changes: readonly Change[]; record: PullRecord | null };

type Described<Name extends string> = {
  name: Name;
  /**
   * `content` gates are settled by the two commits and the policy alone, `record` gates need the ledger, `people` gates
   * wait for somebody.
   */
  group: "content" | "record" | "people";
  /** The paths whose text it wants to read, of files that the change touches and of others. Absent: none. */
  reads?(facts: ReadingFacts, policy: LoadedPolicy): string[];
  /** The lists of path patterns that the policy holds for it. Absent: none. */
  lists?(policy: Policy): PatternList[];
};

/** One rule over facts. */
export type Gate<Name extends string = string> = Described<Name> & {
  /** The facts without which it is unknown, wherever the policy asks for it. */
  needs: readonly FactName[];
  /** Pure. The facts hold changes and texts ordered by path. */
  judge(facts: PullFacts, policy: LoadedPolicy): GateResult;
};

/** A pull request's facts with those of these names as they were read; the others may still be unknown. */
export type FactsWith<N extends FactName> = Omit<PullFacts, N> & Pick<FactValues, N>;

/** That a policy does not ask for a gate, as a sentence. */
type NotConfigured = { notConfigured: string };

/** A gate as its file writes it: `judge` comes into play once the policy asks for it and its facts were read. */
type Definition<Name extends string, N extends FactName, S, Facts> = Described<Name> & {
  /** What the policy says for this gate, or that it says nothing. */
  settings(policy: Policy): S | NotConfigured;
  /** The facts without which it is unknown; the first of them that was not read is told. */
  needs: readonly N[];
  judge(facts: Facts, policy: LoadedPolicy, settings: S): GateResult;
};

/** Makes a gate: it does not apply where the policy says nothing for it, and is unknown while a fact it needs was not read. */
export function defineGate<Name extends string, N extends FactName, S>(
  definition: Definition<Name, N, S, FactsWith<N>>,
): Gate<Name> {
  const { name, settings, needs } = definition;
  return {
    ...definition,
    judge(facts, policy) {
      const found = settings(policy.policy);
      if (isNotConfigured(found)) return notApplicable(name, "not-configured", found.notConfigured);
      return withFacts(name, facts, needs, (read) => definition.judge(read, policy, found));
    },
  };
}

/**
 * Makes a gate for the changes of runs, which gets the run beside its facts. `others` says what holds for a change that no
 * run made; null, or without it: the gate does not apply there. What else it needs is not looked for before.
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
        if (run === null)
          return (
            others?.(told, policy) ??
            notApplicable(name, "no-run", "No run of an agent made this pull request.")
          );
        return withFacts(name, facts, needs, (read) => definition.judge({ ...read, run }, policy, settings));
      }),
  });
  return { ...whole, needs: ["record", ...needs] };
}

/** For a gate that no setting turns off. */
export const alwaysOn = () => true;

/** For a policy that does not ask for a gate. `message` is a sentence that says so. */
export function notConfigured(message: string): NotConfigured {
  return { notConfigured: message };
}

function isNotConfigured<S>(settings: S | NotConfigured): settings is NotConfigured {
  return typeof settings === "object" && settings !== null && "notConfigured" in settings;
}

/** Hands on facts once they were all read, and is otherwise unknown by the first that was not. */
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
    if (!fact.known) return unknownResult(gate, codeOf(need), fact.why);
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

/** Why it is not known which run made a change. */
export const lostRun = "The ledger has evidence for this pull request and not the run that made it.";

/** A gate's result, written short. */
export function result(gate: string, status: GateStatus, ...reasons: Reason[]): GateResult {
  return { gate, status, reasons };
}

/** The result of a gate that lacks a fact. It blocks until the fact can be read: what is not known never passes. */
export function unknownResult(gate: string, code: string, why: string): GateResult {
  const next = {
    step: "Wait: it is read again at the next event. If it stays so, see what stands in the way.",
    who: "a maintainer",
  };
  return result(gate, "unknown", { code, message: why, next });
}

/** The result of a gate that has nothing to say about this change. */
export function notApplicable(gate: string, code: string, message: string): GateResult {
  return result(gate, "not-applicable", { code, message });
}

/** Who made the change, for a next step. */
export function authorOf({ pull }: Pick<PullBasics, "pull">): string {
  return pull === null ? "the author of the change" : `@${pull.author.login}, the author`;
}

/** The policy's line of a key as a part of a reason; nothing when the policy does not write the key out. */
export function policyLine(policy: LoadedPolicy, key: string): Pick<Reason, "policyLine"> {
  const line = policy.lines[key];
  return line === undefined ? {} : { policyLine: line };
}
