import { type Known, known } from "../../core/known.ts";
import { dashboardLabel } from "../../core/labels.ts";
import type { Account } from "../../schemas/text.ts";
import { type GitHub, requestKnown } from "../github/request.ts";

/** The dashboard's issue. */
export type Dashboard = { number: number; isOpen: boolean };

/**
 * Finds the newest issue with the dashboard's label that our bot opened; null: there is none. Anybody who may triage
 * can put the label on another issue, and on a diff prompt of ours, whose text ends with its marker: none is meant.
 */
export async function readDashboard({ request, owner, repo }: GitHub, bot: Account): Promise<Known<Dashboard | null>> {
  const listed = await requestKnown(
    `the issues labelled ${dashboardLabel.name}`,
    request("GET /repos/{owner}/{repo}/issues", {
      owner,
      repo,
      labels: dashboardLabel.name,
      creator: bot.login,
      state: "all",
      per_page: 100,
    }),
  );
  if (!listed.known) return listed;
  const ours = listed.value.find(
    ({ user, pull_request: pull, body }) =>
      Number(user?.id) === bot.id && pull === undefined && !/<!-- sallyport:\S+ -->\s*$/.test(body ?? ""),
  );
  if (ours === undefined) return known(null);
  return known({ number: ours.number, isOpen: ours.state === "open" });
}
