import { expect, test } from "@jest/globals";
import type { PullFacts } from "../../core/facts.ts";
import { type GateName, gates } from "../../core/gates/registry.ts";

/** A gate's answer in short: its status, the codes of its reasons, and the reasons themselves. */
export function ask(name: GateName, given: PullFacts) {
  if (!given.policy.known || given.policy.value.state !== "loaded") throw new Error("these tests give a policy");
  const { status, reasons } = gates[name].judge(given, given.policy.value);
  return { status, codes: reasons.map((reason) => reason.code), reasons };
}

/** Rows of a gate's table: what is told, the facts, the status and the codes that are expected. */
export type Row = [string, PullFacts, string, string[]];

export function table(name: GateName, rows: Row[]) {
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
