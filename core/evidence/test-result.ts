import type { Bundle } from "../../schemas/evidence.ts";
import { statementType } from "../../schemas/ledger.ts";
import { policyPath } from "../../schemas/limits.ts";
import { commandLine, isPassed } from "../contract/verification.ts";

/**
 * The checks on a judged head and the commands that our host ran on its answer, as an in-toto statement: what was sealed
 * with the evidence, nothing that came later. A skipped check ran no test. `policy`: the blob of the policy that asked
 * for them, null where the ledger does not tell. Null: nothing is sealed, or there were no checks and no commands.
 * Source: in-toto/attestation, `spec/predicates/test-result.md`, version 0.1.
 */
export function testResult({ commit, ci, checks, pullUrl, ...bundle }: Bundle, policy: string | null) {
  const ran = bundle.state === "adopted" ? [] : (bundle.verification ?? []);
  if (ci === null || checks === null || (ci === "none" && ran.length === 0)) return null;
  const named = (...conclusions: string[]) =>
    checks.filter(({ conclusion }) => conclusions.includes(conclusion)).map(({ app, name }) => `@${app}/${name}`);
  const [passed, warnedTests, skipped] = [named("success"), named("neutral"), named("skipped")];
  const all = checks.map(({ app, name }) => `@${app}/${name}`);
  const commands = (isGood: boolean) =>
    ran.filter((run) => isPassed(run) === isGood).map((run) => `sallyport: ${commandLine(run)}`);
  const failed = commands(false);
  return {
    _type: statementType,
    subject: [{ name: "head", digest: { gitCommit: commit } }],
    predicateType: "https://in-toto.io/attestation/test-result/v0.1",
    predicate: {
      result: ci === "fail" || failed.length > 0 ? "FAILED" : "PASSED",
      configuration: [{ name: policyPath, ...(policy === null ? {} : { digest: { gitBlob: policy } }) }],
      url: `${pullUrl}/checks`,
      passedTests: [...passed, ...commands(true)],
      warnedTests,
      failedTests: [...all.filter((one) => ![...passed, ...warnedTests, ...skipped].includes(one)), ...failed],
    },
  };
}
