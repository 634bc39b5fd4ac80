import { expect, test } from "@jest/globals";
import type { TypedEntry } from "../../../core/entries.ts";
import { replayRun } from "../../../core/replay/replay.ts";
import { entries, replay, run, sources } from "../../builders/altered-replay.ts";

/** Every place in a value where something can be written, with the numbers of lists left out of its name. */
function leaves(value: unknown, name: string): { name: string; change: (to: unknown) => unknown }[] {
  if (typeof value !== "object" || value === null) return [{ name, change: (to) => to }];
  return Object.entries(value).flatMap(([key, inside]) =>
    leaves(inside, Array.isArray(value) ? `${name}[]` : `${name}.${key}`).map(({ name, change }) => ({
      name,
      change: (to: unknown) =>
        Array.isArray(value)
          ? value.map((one: unknown, index) => (index === Number(key) ? change(to) : one))
          : { ...value, [key]: change(to) },
    })),
  );
}

test("whatever is changed in an entry of the run is noticed, except what is taken as recorded", () => {
  const ofRun = new Set<string>(
    ["plan.proposed", "approval.granted", "contract.frozen", "run.submitted", "prompt.recorded"].concat([
      ...["response.recorded", "attempt.closed", "evidence.captured", "change.committed", "pull.opened"],
    ]),
  );
  const unnoticed = new Set<string>();
  const whole = replay().counts.same;
  for (const entry of entries) {
    if (!ofRun.has(entry.kind)) continue;
    for (const { name, change } of leaves(entry.body, entry.kind)) {
      const value = leafOf(entry.body, name, change);
      // A body that is changed on purpose has the form of its kind only by chance.
      const body = change(typeof value === "number" ? value + 1 : typeof value === "boolean" ? !value : "x");
      const changed = entries.map((one) => (one === entry ? ({ ...one, body } as TypedEntry) : one));
      const replayed = replayRun(run, changed, sources);
      if (replayed?.counts.same === whole) unnoticed.add(name);
    }
  }
  const usage = ["calls", "inputTokens", "model", "outputTokens"];
  expect([...unnoticed].sort()).toEqual([
    ...["manualTest", "risk"].map((name) => `contract.frozen.asked.${name}`),
    "contract.frozen.decisions[]",
    ...["login", "type"].map((name) => `plan.proposed.requestedBy.${name}`),
    ...usage.map((name) => `plan.proposed.usage.${name}`),
    "pull.opened.pull",
    // Of an accepted answer these are noticed: they stand in its evidence too.
    "response.recorded.seconds",
    ...usage.map((name) => `response.recorded.usage.${name}`),
    ...["by.login", "by.type", "mode"].map((name) => `run.submitted.${name}`),
  ]);
});

/** What stands at a leaf: the place where changing it to two things gives two values. */
function leafOf(body: unknown, name: string, change: (to: unknown) => unknown): unknown {
  const marked = JSON.stringify(change("\u0000"));
  const [before = "", after = ""] = marked.split('"\\u0000"');
  const text = JSON.stringify(body);
  if (!text.startsWith(before) || !text.endsWith(after)) throw new Error(`${name} is no leaf`);
  return JSON.parse(text.slice(before.length, text.length - after.length));
}
