import { describe, expect, test } from "@jest/globals";
import type { GitHub } from "../../../collect/github/request.ts";
import { readBranchRules } from "../../../collect/repository/branch-rules.ts";

/** A GitHub that answers three questions; a number is a status that it fails with. */
function github(answers: { rules?: unknown; ruleset?: unknown; branch?: unknown }): GitHub {
  const request = async (route: string) => {
    const answer = route.includes("/rulesets/")
      ? answers.ruleset
      : route.includes("/rules/")
        ? (answers.rules ?? [])
        : (answers.branch ?? 404);
    if (typeof answer === "number") throw Object.assign(new Error("refused"), { status: answer });
    return { data: answer, headers: {} };
  };
  // Only the calls above are made.
  return { request: request as unknown as GitHub["request"], owner: "acme", repo: "web" };
}

const rule = (context: string, app?: number) => ({
  type: "required_status_checks",
  ruleset_id: 5,
  parameters: {
    strict_required_status_checks_policy: false,
    required_status_checks: [{ context, ...(app === undefined ? {} : { integration_id: app }) }],
  },
});
const shielded = (required: object) => ({
  protected: true,
  protection: { enabled: true, required_status_checks: required },
});
const read = (answers: Parameters<typeof github>[0]) => readBranchRules(github(answers), "main");

describe("rulesets", () => {
  test.each<[string, unknown, unknown]>([
    ["nobody", { name: "main", bypass_actors: [] }, { known: true, value: [] }],
    [
      "those on the list",
      {
        name: "main",
        bypass_actors: [
          { actor_type: "Team", actor_id: 3 },
          { actor_type: "DeployKey", actor_id: null },
        ],
      },
      { known: true, value: ["Team 3", "DeployKey"] },
    ],
    ["a list that is hidden", { name: "main" }, { known: false, why: expect.stringContaining("administrators only") }],
    ["a list that cannot be read", 403, { known: false, why: expect.stringContaining("403") }],
  ])("the check with its App, and who may bypass it: %s", async (_title, ruleset, bypass) => {
    const { rulesets } = await read({ rules: [rule("sallyport", 4001), { type: "pull_request" }], ruleset });
    expect(rulesets).toEqual({
      known: true,
      value: {
        kinds: ["required_status_checks", "pull_request"],
        checks: [{ context: "sallyport", appId: 4001, strict: false, bypass }],
      },
    });
  });

  test("a check without an App is from any source", async () => {
    const { rulesets } = await read({ rules: [rule("test")] });
    expect(rulesets).toMatchObject({ value: { checks: [{ context: "test", appId: null }] } });
  });

  test("an answer that does not come is unknown, never no rules", async () => {
    expect((await read({ rules: 502 })).rulesets).toMatchObject({ known: false });
    expect((await read({ rules: {} })).rulesets).toMatchObject({ known: false });
  });
});

describe("branch protection", () => {
  test.each<[string, unknown, unknown]>([
    ["a branch that is not there", 404, { known: true, value: { isOn: false, checks: [] } }],
    ["a branch that cannot be read", 403, { known: false, why: expect.any(String) }],
    ["no protection", { protected: false }, { known: true, value: { isOn: false, checks: [] } }],
    ["protection that is not shown", { protected: true }, { known: false, why: expect.any(String) }],
    [
      "no check is required",
      shielded({ enforcement_level: "off", contexts: [], checks: [] }),
      { known: true, value: { isOn: true, checks: [] } },
    ],
    [
      "a check of protection that is turned off",
      {
        protected: true,
        protection: {
          enabled: false,
          required_status_checks: {
            enforcement_level: "everyone",
            contexts: ["sallyport"],
            checks: [{ context: "sallyport", app_id: 4001 }],
          },
        },
      },
      { known: true, value: { isOn: false, checks: [] } },
    ],
    [
      "a check of our App that holds everybody",
      shielded({
        enforcement_level: "everyone",
        contexts: ["sallyport"],
        checks: [{ context: "sallyport", app_id: 4001 }],
      }),
      {
        known: true,
        value: {
          isOn: true,
          checks: [{ context: "sallyport", appId: 4001, strict: null, bypass: { known: true, value: [] } }],
        },
      },
    ],
    [
      "a name without an App, and administrators who are not held",
      shielded({ enforcement_level: "non_admins", contexts: ["sallyport"], checks: [] }),
      {
        known: true,
        value: {
          isOn: true,
          checks: [
            {
              context: "sallyport",
              appId: null,
              strict: null,
              bypass: { known: true, value: ["administrators"] },
            },
          ],
        },
      },
    ],
  ])("%s", async (_title, branch, protection) => {
    expect((await read({ branch })).protection).toEqual(protection);
  });
});
