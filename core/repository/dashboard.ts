import type { Overview } from "../decision.ts";
import { code, plain, plainStart } from "../escape.ts";
import { table } from "../markdown.ts";
import { spentText } from "../record/spent.ts";
import type { Numbers } from "./numbers.ts";

/** A story or pull request that goes on only when somebody acts. People wrote its title, and parts of the reasons. */
export type WaitingRow = Pick<Overview, "title" | "state" | "needs" | "blocks" | "step" | "who"> & {
  number: number;
  /** RFC 3339: since when it stands like this. */
  since: string;
};

/** The most rows that the dashboard shows, so that it fits a comment; the service's pages have all. */
export const maxWaiting = 50;

/** The days that the dashboard's numbers are about. */
export const dashboardDays = 30;

/** The dashboard's text: what waits and for whom, what has waited longest first, and the last days in numbers. */
export function dashboardText(rows: readonly WaitingRow[], more: boolean, numbers: Numbers): string {
  const shown = rows.slice(0, maxWaiting);
  const waiting = shown.map(({ number, title, state, needs, blocks, step, who, since }) => {
    const next = step.startsWith("/") ? code(step) : plainStart(step, 300);
    return [
      `#${number} ${plainStart(title, 150)}`,
      plain((needs ?? state).replaceAll(/[-_]/g, " ")),
      plainStart(blocks, 400),
      who === "" ? next : `${next} (${plainStart(who, 200)})`,
      since.slice(0, 10),
    ];
  });
  const { judged, red, merged, past, opened, rounds, concerns, spent, gates } = numbers;
  return [
    "## What waits",
    "",
    ...(waiting.length === 0
      ? ["Nothing waits for anybody.", ""]
      : table("| What | State | Why | Next | Since |", waiting)),
    ...(more || shown.length < rows.length ? [`Of more than ${shown.length}; the service's pages list all.`, ""] : []),
    `## The last ${dashboardDays} days`,
    "",
    ...table("| | | of |", [
      ["Pull requests that were red at some time", red, `${judged} judged`],
      ["Merges that no success allowed", past, `${merged} merged`],
      ["Rounds that sent an agent's work back", rounds, `${opened} pull requests of agents`],
      ["Questions and blocks that are open now", concerns, ""],
      ...(spent.size === 0 ? [] : [["What models cost", spentText(spent), ""]]),
    ]),
    ...(gates.length === 0
      ? []
      : table(
          "| Gate | Pull requests that it failed | Waivers |",
          gates.map(({ gate, failed, waived }) => [code(gate), failed, waived]),
        )),
  ].join("\n");
}
