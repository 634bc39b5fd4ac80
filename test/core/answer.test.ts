import { expect, test } from "@jest/globals";
import type { Decision } from "../../core/decision.ts";
import type { CommandRequest } from "../../core/facts.ts";
import { effectKey } from "../../core/identifiers.ts";
import { known } from "../../core/known.ts";
import { decidePull } from "../../core/pull/pull.ts";
import { decideEpic, decideOtherIssue } from "../../core/story/epic.ts";
import { decideStory } from "../../core/story/story.ts";
import type { Duty } from "../../schemas/policy-values.ts";
import { pullContext, say } from "../builders/pull-context.ts";
import { change, facts } from "../builders/pull-facts.ts";
import { playStory } from "../builders/story.ts";

const person = (id: number) => ({ by: { id, login: `p${id}`, type: "User" as const } });
const reader = (duties: Duty[] = []) => ({ permission: known({ role: "read" as const, duties }) });

/** A comment of a person who may read, as anybody may where the repository is public. */
const strangers = (id: number, line = "/status") => say(line, `p${id}`, [], { ...person(id), ...reader() });

type Look = (commands: CommandRequest[], outcomes?: Map<string, { status: "waiting" }>) => Decision;
const places: [string, Look][] = [
  ["a story", (commands, outcomes = new Map()) => decideStory({ ...playStory().facts(), commands, outcomes })],
  ["an epic", (commands, outcomes = new Map()) => decideEpic({ ...playStory().facts(), commands, outcomes })],
  [
    "another issue",
    (commands, outcomes = new Map()) => decideOtherIssue({ ...playStory().facts(), commands, outcomes }),
  ],
  [
    "a pull request",
    (commands, outcomes = new Map()) =>
      decidePull(pullContext(facts({ changes: [change("web/a.ts")] }), { number: 2, commands, outcomes })),
  ],
];

const commandsOf = ({ drafts }: Decision) => drafts.filter(({ kind }) => kind === "command");
const told = ({ effects }: Decision) =>
  effects.flatMap((one) => (one.type === "turn-away" && one.told !== null ? [one.key] : []));

test.each(places)("H3: on %s, strangers' commands leave no entry, and each of them is told once a day", (_, look) => {
  const flood = Array.from({ length: 30 }, (_none, at) => strangers(40 + (at % 3)));
  const decision = look(flood);
  expect(commandsOf(decision)).toEqual([]);
  expect(decision.effects.filter(({ type }) => type === "reply")).toEqual([]);
  const day = [40, 41, 42].map((id) => effectKey.refusal(decisionRepository(decision), 2, id, "2026-11-21"));
  expect([...new Set(told(decision))].sort()).toEqual(day);
  const done = new Map(decision.effects.map(({ key }) => [key, { status: "waiting" as const }]));
  expect(told(look(flood, done))).toEqual([]);
});

test.each(places)(
  "H3: on %s, a command that was passed over never counts, whoever its author is by then",
  (_, look) => {
    const command = strangers(40, "/status");
    const passed = new Map(look([command]).effects.map(({ key }) => [key, { status: "waiting" as const }]));
    const later = look([{ ...command, permission: known({ role: "write", duties: ["planners"] }) }], passed);
    expect([commandsOf(later), told(later)]).toEqual([[], []]);
  },
);

test.each(places)(
  "H3: on %s, whoever has a duty or may write is answered, behind any number of strangers",
  (_, look) => {
    const flood = Array.from({ length: 5 }, (_none, at) => strangers(40 + at));
    const named = say("/status", "p50", [], { ...person(50), ...reader(["planners"]) });
    const writer = say("/approve", "p51", [], person(51));
    const decision = look([...flood, named, writer]);
    expect(commandsOf(decision)).toMatchObject([
      { actor: { login: "p50" }, body: { accepted: false, code: "no-write-access" } },
      { actor: { login: "p51" }, body: { accepted: false } },
    ]);
    expect(decision.effects.filter(({ type }) => type === "reply")).toHaveLength(2);
  },
);

/** The repository of a decision, as the keys of its effects have it. */
function decisionRepository({ effects }: Pick<Decision, "effects">): number {
  return Number(effects.find(({ type }) => type === "turn-away")?.key.split("/")[1]);
}
