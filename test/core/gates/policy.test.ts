import { describe, expect, test } from "@jest/globals";
import { known, unknown } from "../../../core/known.ts";
import { ask, table } from "../../builders/gate-table.ts";
import { base, facts, policyOf } from "../../builders/pull-facts.ts";

const blob = "f".repeat(40);
const valid = { state: "loaded" as const, ...policyOf("version: 1") };
const problem = (line: number) => ({ message: `unknown key ${line}`, line, column: 1 });
const broken = { state: "malformed" as const, ref: base, blob, problems: [problem(3), problem(5)] as const };
const absent = { state: "absent" as const, ref: base, removedBy: base };

describe("H15: policy", () => {
  table("policy", [
    ["does not apply to a change that leaves it alone", facts(), "not-applicable", ["untouched"]],
    ["passes a valid one", facts({ proposed: known(valid) }), "pass", ["valid"]],
    [
      "fails a broken one, with every problem at once",
      facts({ proposed: known(broken) }),
      "fail",
      ["policy-malformed", "policy-malformed"],
    ],
    ["fails a change that takes it away", facts({ proposed: known(absent) }), "fail", ["policy-taken-away"]],
    [
      "is unknown while the file was not read",
      facts({ proposed: unknown("HTTP 502") }),
      "unknown",
      ["proposed-unknown"],
    ],
    [
      "says by which policy a repair is judged",
      { ...facts({ proposed: known(valid) }), policy: known({ ...valid, isRepair: true as const }) },
      "pass",
      ["repair"],
    ],
  ]);

  test("ten problems are told, and how many more there are", () => {
    const [first, ...others] = Array.from({ length: 12 }, (_, index) => problem(index + 1));
    if (first === undefined) throw new Error("there are twelve");
    const many = known({ ...broken, problems: [first, ...others] as const });
    const { reasons } = ask("policy", facts({ proposed: many }));
    expect(reasons).toHaveLength(11);
    expect(reasons.at(-1)).toEqual({
      code: "more",
      message: "… and 2 more",
      path: ".github/sallyport.yml",
      next: { step: "Mend `.github/sallyport.yml`.", who: "@ada, the author" },
    });
  });

  test("each problem has its line, and one next step", () => {
    expect(ask("policy", facts({ proposed: known(broken) })).reasons[1]).toMatchObject({
      message: "Line 5, column 1: unknown key 5",
      policyLine: 5,
      next: { step: "Mend `.github/sallyport.yml`." },
    });
  });
});
