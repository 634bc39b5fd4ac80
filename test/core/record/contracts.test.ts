import { expect, test } from "@jest/globals";
import type { TypedEntry } from "../../../core/entries.ts";
import { known } from "../../../core/known.ts";
import { recordOf } from "../../../core/record/pull.ts";
import { facts } from "../../builders/pull-facts.ts";
import { begin } from "../../builders/story.ts";

const [base, approved, other] = ["b", "1", "2"].map((letter) => letter.repeat(40)) as [string, string, string];
const commit = (sha: string, parent: string) => ({ sha, parents: [parent], tree: sha, message: "Work" });

/** The ledger of `run-2-1` on prompt #3 and its pull request #11, and the same work again for a contract of #3 alone. */
function ledger(): TypedEntry[] {
  const story = begin();
  story.answer();
  const result = { type: "commit" as const, commit: approved, tree: approved, parent: base };
  story.finish("write-change", { status: "done", result });
  story.finish("open-pull", { status: "done", result: { type: "pull", number: 11 } });
  const { entries } = story;
  const again = entries
    .filter(({ kind }) => !["command", "pull.opened", "handoff.made"].includes(kind))
    .map((entry) => {
      const text = JSON.stringify(entry)
        .replaceAll('"story":2', '"story":3')
        .replaceAll("run-2-1", "run-3-1")
        .replaceAll(approved, other);
      const copy: TypedEntry = JSON.parse(text);
      return { ...copy, seq: copy.seq + entries.length };
    });
  return [...entries, ...again];
}

test("A50: a commit of another contract is no evidence, although its prompt has the same number", () => {
  const range = { ...facts(), head: { sha: other }, commits: known([commit(approved, base), commit(other, approved)]) };
  const record = recordOf(ledger(), 11, range);
  expect(record.known && record.value.evidence.map((one) => one.commit)).toEqual([approved]);
});
