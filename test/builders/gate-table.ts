import { expect, test } from "@jest/globals";
import type { PullFacts } from "../../core/facts.ts";
import type { Gate } from "../../core/gates/gate.ts";
import { type GateName, gates } from "../../core/gates/registry.ts";
import { fullPolicy } from "./full-policy.ts";
import { policyOf } from "./pull-facts.ts";

/** What settles each gate: the commits alone, the ledger too, or people. */
const groups: Record<Gate["group"], readonly GateName[]> = {
  content: [
    ...(["policy", "forbidden-paths", "links", "diff-size", "tests", "secrets", "harness", "remediation"] as const),
    ...(["manifest", "content", "phase"] as const),
  ],
  record: ["scope", "trace", "evidence", "casefile", "approval", "dependencies", "stop"],
  people: ["protected", "adr", "review", "ci", "manual-test"],
};

/** A gate's answer in short: its status, the codes of its reasons, and the reasons themselves. */
export function ask(name: GateName, given: PullFacts) {
  if (!given.policy.known || given.policy.value.state !== "loaded") throw new Error("these tests give a policy");
  const { gate, status, reasons } = gates[name].judge(given, given.policy.value);
  if (gate !== name) throw new Error(`the gate ${name} answers for the gate ${gate}`);
  return { status, codes: reasons.map((reason) => reason.code), reasons };
}

/** Rows of a gate's table: what is told, the facts, the status and the codes that are expected. */
export type Row = [string, PullFacts, string, string[]];

export function table(name: GateName, rows: Row[]) {
  test(`${name} is settled by what it says, and its patterns stand under its own part of the policy`, () => {
    const { group, lists }: Gate = gates[name];
    expect(groups[group]).toContain(name);
    const part = name === "phase" ? "phases.of." : `gates.${name}.`;
    if (lists === undefined) return;
    for (const list of lists(policyOf(fullPolicy).policy))
      expect(list).toMatchObject({ key: expect.stringMatching(part), meaning: expect.stringMatching(/\S/) });
  });
  test.each(rows)("%s", (_, given, status, codes) => {
    const answer = ask(name, given);
    expect({ status: answer.status, codes: answer.codes }).toEqual({ status, codes });
    for (const reason of answer.reasons) {
      const settled = ["pass", "not-applicable"].includes(status) || reason.code.startsWith("signed-off");
      const said = expect.stringMatching(/\S/);
      expect(reason).toMatchObject(settled ? { message: said } : { message: said, next: { step: said, who: said } });
      expect(reason.next === undefined).toBe(settled);
    }
  });
}
