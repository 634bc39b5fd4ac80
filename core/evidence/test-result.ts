import type { Bundle } from "../../schemas/evidence.ts";
import { statementType } from "../../schemas/ledger.ts";
import { policyPath } from "../../schemas/limits.ts";

/**
 * The checks on a judged head as an in-toto statement: what was sealed with the evidence, nothing that came later. A
 * skipped check ran no test. `policy`: the blob of the policy that asked for them, null where the ledger does not tell.
 * Null: nothing is sealed, or there were no checks.
 * Source: in-toto/attestation, `spec/predicates/test-result.md`, version 0.1.
 */
export function testResult({ commit, ci, checks, pullUrl }: Bundle, policy: string | null) {
  if (ci === null || ci === "none" || checks === null) return null;
  const named = (...conclusions: string[]) =>
    checks.filter(({ conclusion }) => conclusions.includes(conclusion)).map(({ app, name }) => `@${app}/${name}`);
  const [passedTests, warnedTests, skipped] = [named("success"), named("neutral"), named("skipped")];
  const all = checks.map(({ app, name }) => `@${app}/${name}`);
  return {
    _type: statementType,
    subject: [{ name: "head", digest: { gitCommit: commit } }],
    predicateType: "https://in-toto.io/attestation/test-result/v0.1",
    predicate: {
      result: ci === "pass" ? "PASSED" : "FAILED",
      configuration: [{ name: policyPath, ...(policy === null ? {} : { digest: { gitBlob: policy } }) }],
      url: `${pullUrl}/checks`,
      passedTests,
      warnedTests,
      failedTests: all.filter((one) => ![...passedTests, ...warnedTests, ...skipped].includes(one)),
    },
  };
}
