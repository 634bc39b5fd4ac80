import { describe, expect, test } from "@jest/globals";
import { replayDifferences, replayText } from "../../../core/replay/report.ts";
import { altered, entries, replay } from "../../builders/altered-replay.ts";

const frozen = entries.find((entry) => entry.kind === "contract.frozen");
const prompts = frozen?.kind === "contract.frozen" ? frozen.body.prompts : [];

describe("for people", () => {
  test("a line a step, what it proves and what not, and no difference where nothing differs", () => {
    const text = replayText(replay(), "the folder /x", false);
    expect(text).toMatch(/^run-2-1 of story #2, from the folder \/x; the ledger is verified\n/);
    expect(text).toMatch(/^same +entry 2 +plan +plan of revision 1: its digest, from the plan$/m);
    expect(text).toContain("39 same, 0 differ, 0 unpublished, 0 missing");
    expect(text).toContain("It takes as recorded: the models' answers (none is asked again)");
    expect(text).not.toContain("difference:");
    expect(replayText(replay(), "x", true)).toContain("\u001b[32msame");
  });

  test("T16: a difference is told with its entry, what was expected and what is there, on one line", () => {
    const changed = altered("contract.frozen", {
      prompts: prompts.map((one) =>
        one.index === 2 ? { ...one, text: one.text.replace("Nothing else.", "Nothing\u001b[2Jelse.\n") } : one,
      ),
    });
    const [difference = "", ...more] = replayDifferences(replay(changed));
    expect(more).toEqual([]);
    expect(difference).toMatch(/^difference: entry [0-9]+, contract prompt 2 of 2 of run-2-1: text should be /);
    expect(difference).toContain("Nothing else.");
    expect(difference).toContain("Nothing[U+001B][2Jelse.");
    for (const control of ["\n", "\u001b"]) expect(difference).not.toContain(control);
    expect(difference).not.toContain("blocks");
    expect(replayText(replay(changed), "x", false)).toContain(difference);
  });
});
