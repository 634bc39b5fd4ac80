import { oneLine } from "../escape.ts";
import type { Replay } from "./replay.ts";
import type { Difference, ReplayResult, ReplayStep } from "./step.ts";

const colors: Record<ReplayResult, number> = { same: 32, differs: 31, unpublished: 33, purged: 33, missing: 31 };

/** The maximum length of a shown value; the JSON has the whole. */
const maxLength = 160;

/** Two values, cut to begin shortly before their first difference. */
function shortened({ expected, found }: Difference): { expected: string; found: string } {
  let same = 0;
  while (same < expected.length && expected[same] === found[same]) same++;
  const from = Math.max(expected.length, found.length) <= maxLength ? 0 : Math.max(0, same - 40);
  const truncate = (text: string) => {
    const part = text.slice(from, from + maxLength).toWellFormed();
    return `${from > 0 ? "…" : ""}${oneLine(part)}${from + maxLength < text.length ? "…" : ""}`;
  };
  return { expected: truncate(expected), found: truncate(found) };
}

/** One line for each difference. A replay records nothing: whoever reads it decides what follows. */
export function replayDifferences({ steps, run }: Replay): string[] {
  return steps.flatMap(({ step, seq, about, differences }) =>
    differences.map((difference) => {
      const { expected, found } = shortened(difference);
      const where = `entry ${seq}, ${step} ${oneLine(about)} of ${run}`;
      return `difference: ${where}: ${oneLine(difference.what)} should be ${expected} and is ${found}`;
    }),
  );
}

/** The replay for people: a line for each step, every difference, and what the replay proves. */
export function replayText(replay: Replay, origin: string, color: boolean): string {
  const paint = (result: ReplayResult, text: string) => (color ? `\u001b[${colors[result]}m${text}\u001b[0m` : text);
  const { run, story, counts } = replay;
  const lineOf = ({ result, seq, step, about, text }: ReplayStep) => {
    const head = `${paint(result, result.padEnd(11))}  ${`entry ${seq}`.padEnd(10)}  ${step.padEnd(12)}`;
    return `${head}  ${oneLine(about)}: ${oneLine(text)}`;
  };
  const differences = replayDifferences(replay);
  const lines = [
    `${run} of story #${story}, from ${oneLine(origin)}; the ledger is verified`,
    "",
    ...replay.steps.map(lineOf),
    "",
    `${counts.same} same, ${counts.differs} ${counts.differs === 1 ? "differs" : "differ"}, ${counts.unpublished} unpublished, ${counts.missing} missing${counts.purged === 0 ? "" : `, ${counts.purged} given up`}`,
    "",
    ...(differences.length === 0 ? [] : [...differences, ""]),
    ...proof(replay),
  ];
  return `${lines.join("\n")}\n`;
}

function proof({ counts }: Replay): string[] {
  const untried = counts.unpublished + counts.purged + counts.missing;
  return [
    "This proves: every step that is `same` follows from the approved plan, the policy, the recorded answers and git by the",
    "rules of this version, byte for byte.",
    ...(untried === 0
      ? []
      : [
          `It does not prove the ${untried} ${untried === 1 ? "step" : "steps"} that could not be tried: an unpublished body never left the server, one that`,
          "was given up after its time is gone, a missing object has to be fetched.",
        ]),
    "It takes as recorded: the models' answers (none is asked again), what they cost, the story's title, text and decisions,",
    "the risk and the test that people asked for, the commit that each attempt began from, every act of a person, and what",
    "GitHub told when a verdict was given: reviews, checks, the pull request's text. From that each verdict follows again.",
  ];
}
