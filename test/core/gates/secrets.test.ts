import { describe, expect, test } from "@jest/globals";
import type { SecretFinding } from "../../../core/facts.ts";
import { wantsSecrets } from "../../../core/gates/secrets.ts";
import { known, unknown } from "../../../core/known.ts";
import { ask, table } from "../../builders/gate-table.ts";
import { facts, head, policyOf } from "../../builders/pull-facts.ts";

const policy = "version: 1\ngates:\n  secrets: {}\n";
const finding: SecretFinding = { rule: "aws", where: "file", commit: head, path: "web/a.ts", line: 7 };
const given = (...secrets: SecretFinding[]) => facts({ policy, secrets: known(secrets) });

// How secrets are found, test/collect/secrets says.
describe("secrets", () => {
  table("secrets", [
    ["passes where none was found", given(), "pass", ["no-secrets"]],
    ["tells every finding", given(finding, { ...finding, line: 8 }), "fail", ["secret", "secret"]],
    ["does not apply where nobody asks", facts({ secrets: known([finding]) }), "not-applicable", ["not-configured"]],
    ["is unknown where nothing was searched", { ...given(), secrets: unknown("cut") }, "unknown", ["secrets-unknown"]],
  ]);

  test.each([
    [policy, true],
    ["version: 1\nextends: default\n", true],
    ["version: 1\n", false],
  ])("are searched for by the policy's word: %j", (text, wanted) => {
    expect(wantsSecrets(policyOf(text).policy)).toBe(wanted);
  });

  test("one of a file names rule, commit, file, line and the policy's line, and how to be rid of it", () => {
    expect(ask("secrets", given(finding)).reasons).toEqual([
      {
        code: "secret",
        message: "The rule `aws` finds a secret in a file of commit dddddddddddd.",
        path: "web/a.ts",
        line: 7,
        policyLine: 3,
        next: {
          step: "Revoke this secret and make a new one, then rewrite the branch so that no commit of it holds the old one.",
          who: "@ada, the author",
        },
      },
    ]);
  });

  test("one of the pull request's own text is edited away; by default, the pack's line asks for it", () => {
    const title: SecretFinding = { rule: "aws", where: "title", commit: null, path: null, line: null };
    const pack = facts({ policy: "version: 1\nextends: default\n", secrets: known([title]) });
    expect(ask("secrets", pack).reasons).toEqual([
      {
        code: "secret",
        message: "The rule `aws` finds a secret in the pull request's title.",
        policyLine: 2,
        next: {
          step: "Revoke this secret and make a new one, then edit the text without it.",
          who: "@ada, the author",
        },
      },
    ]);
  });

  test.each([
    ["file-name", "in the name of a file"],
    ["commit-message", "in the commit's message"],
    ["description", "in the pull request's description"],
  ] as const)("a finding says where: %s", (where, place) => {
    expect(ask("secrets", given({ ...finding, where, path: null })).reasons[0]).toMatchObject({
      message: expect.stringContaining(`finds a secret ${place}`),
    });
  });
});
