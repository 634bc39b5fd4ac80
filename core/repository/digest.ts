import { entriesOf, type TypedEntry } from "../entries.ts";
import { code, plain, plainStart } from "../escape.ts";
import { list } from "../markdown.ts";

/** How often a digest is told. */
export type Rhythm = "daily" | "weekly";

/** The most lines of one kind; the rest is counted. */
const maxLines = 20;

/** The most characters of what people and models wrote in one line: all lines fit a comment. */
const maxText = 400;

/**
 * The span of the digest that is due at a moment, as two moments (RFC 3339): the day before, or the week up to the last
 * Monday (UTC). `name` is its last day, which is told once.
 */
export function digestSpan(now: string, rhythm: Rhythm): { name: string; from: string; to: string } {
  const day = 24 * 3_600_000;
  const today = Math.floor(Date.parse(now) / day) * day;
  // The first of January 1970 was a Thursday.
  const to = rhythm === "daily" ? today : today - ((today / day + 3) % 7) * day;
  const at = (time: number) => new Date(time).toISOString();
  return { name: at(to - day).slice(0, 10), from: at(to - (rhythm === "daily" ? 1 : 7) * day), to: at(to) };
}

/** What happened in a span, as the ledger has it; null: nothing that is worth a line. */
export function digestText(entries: readonly TypedEntry[], span: ReturnType<typeof digestSpan>): string | null {
  const { from, to } = span;
  const within = entries.filter(({ at }) => at >= from && at < to);
  const merges = entriesOf(within, "merge.observed");
  const sections: [string, string[]][] = [
    ["Merged", merges.flatMap(({ body }) => (body.judged ? [`#${body.pull}`] : []))],
    [
      "Merged past the check",
      merges.flatMap(({ body: { judged, pull, by } }) =>
        judged ? [] : [`#${pull}${by === null ? "" : ` by ${plain(`@${by.login}`)}`}`],
      ),
    ],
    ["Plans approved", entriesOf(within, "approval.granted").map(({ body, actor }) => line(body.story, actor.login))],
    [
      "Runs ended",
      entriesOf(within, "run.closed").map(
        ({ body: { story, status, reason } }) => `#${story}: ${status}, ${plainStart(reason, maxText)}`,
      ),
    ],
    [
      "Waived",
      entriesOf(within, "waiver.given").map(
        ({ body, actor }) =>
          `${code(body.gate)} on #${body.pull} by ${plain(`@${actor.login}`)}: ${plainStart(body.reason, maxText)}`,
      ),
    ],
    [
      "Questions and blocks",
      entriesOf(within, "concern.raised").map(
        ({ body: { pull, story, prompt, message } }) =>
          `#${pull ?? story ?? prompt ?? 0}: ${plainStart(message, maxText)}`,
      ),
    ],
  ];
  const told = sections.filter(([, lines]) => lines.length > 0);
  if (told.length === 0) return null;
  const days = from.slice(0, 10) === span.name ? span.name : `${from.slice(0, 10)} to ${span.name}`;
  return [`### ${days}`, "", ...told.flatMap(([title, lines]) => [`**${title}**`, "", ...list(shortened(lines))])].join(
    "\n",
  );
}

const line = (story: number, login: string) => `#${story} by ${plain(`@${login}`)}`;

function shortened(lines: readonly string[]): string[] {
  const left = lines.length - maxLines;
  return left <= 0 ? [...lines] : [...lines.slice(0, maxLines), `${left} more`];
}
