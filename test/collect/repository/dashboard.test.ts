import { expect, test } from "@jest/globals";
import type { GitHub } from "../../../collect/github/request.ts";
import { readDashboard } from "../../../collect/repository/dashboard.ts";
import { known } from "../../../core/known.ts";

const bot = { id: 99, login: "sallyport[bot]", type: "Bot" } as const;
const issue = (number: number, body: string, more: object = {}) => ({
  number,
  body,
  state: "open",
  user: bot,
  ...more,
});
const dashboard = issue(30, "Sallyport keeps the comment below up to date.", { state: "closed" });

test.each<[string, object[], unknown]>([
  ["none", [], null],
  ["the newest that is ours", [dashboard], { number: 30, isOpen: false }],
  ["not another person's", [issue(31, "", { user: { id: 5 } }), dashboard], { number: 30, isOpen: false }],
  ["not a pull request", [issue(31, "", { pull_request: {} })], null],
  [
    "not a diff prompt of ours on which somebody put the label",
    [issue(31, "# Step 1\n\n<!-- sallyport:prompt/7/2/1/1 -->"), dashboard],
    { number: 30, isOpen: false },
  ],
])("C7: the dashboard's issue is %s", async (_, listed, found) => {
  const request = async () => ({ data: listed, headers: {} });
  // Only this one call is made.
  const github: GitHub = { request: request as unknown as GitHub["request"], owner: "acme", repo: "web" };
  expect(await readDashboard(github, bot)).toEqual(known(found));
});
