import { absent, type Past } from "../../../collect/draft/trial.ts";
import { oneLine } from "../../../core/escape.ts";
import type { PolicyReading } from "../../../core/facts.ts";
import { type Known, known } from "../../../core/known.ts";
import type { BacktestRow } from "../../../core/verdict/backtest.ts";
import type { Io } from "../../terminal/io.ts";
import { showProgress } from "../../terminal/progress.ts";
import { changesInGit } from "./git.ts";

/** Reads the last changes of the default branch, or of the current one where none can be told, for judging by `policy`. */
export async function readPast(dir: string, last: number, policy: PolicyReading, io: Io): Promise<Known<Past>> {
  const progress = showProgress(io, "changes");
  const question = { last, before: absent, after: policy, secrets: false, day: new Date().toISOString().slice(0, 10) };
  const read = (branch: { branch?: string }) =>
    changesInGit({ last: String(last), repo: dir, ...branch }, question, io, progress.update);
  const main = await read({});
  const found = main.known ? main : await read({ branch: "HEAD" });
  progress.end();
  return found.known ? known({ from: found.value.from, changes: found.value.changes }) : found;
}

/** The most changes that are shown of many. */
const maxExamples = 3;

/** A few blocked changes with the reason of each, as indented lines for a terminal. People wrote the subjects. */
export function exampleText(rows: readonly BacktestRow[]): string {
  const lines = rows.slice(0, maxExamples).flatMap(({ sha, subject, because }) => {
    const head = `    ${sha.slice(0, 12)} ${oneLine(subject).slice(0, 100)}`;
    if (because === null) return [head];
    const { gate, path, message } = because;
    return [head, `      ${gate}: ${oneLine(`${path === null ? "" : `${path}: `}${message}`).slice(0, 200)}`];
  });
  return lines.map((line) => `${line.toWellFormed()}\n`).join("");
}
