import { describe, expect, test } from "@jest/globals";
import { type CommandName, commands, dutiesOn, type Place, parseCommand } from "../../../core/commands.ts";
import { lastEntry } from "../../../core/entries.ts";
import type { CommandRequest } from "../../../core/facts.ts";
import { answerOnPull } from "../../../core/pull/commands.ts";
import { type Duty, duties } from "../../../schemas/policy-values.ts";
import { pullContext, say } from "../../builders/pull-context.ts";
import { facts, head, policyOf, recordOf } from "../../builders/pull-facts.ts";
import { playStory, policy as storyPolicy } from "../../builders/story.ts";

/** Each command as somebody writes it well. */
const written: Record<CommandName, string> = {
  status: "/status",
  help: "/help",
  plan: "/plan",
  "take-over": "/take-over",
  approve: `/approve ${"1".repeat(64)}`,
  refine: "/refine Smaller steps.",
  clarify: "/clarify Yes.",
  block: "/block Not yet.",
  run: "/run",
  stop: "/stop",
  retry: "/retry",
  rework: "/rework Handle the empty list.",
  rollback: "/rollback run-2-1/3/R0S1",
  "sign-off": `/sign-off ${head} pass manual`,
  adopt: `/adopt ${head} because I read it`,
  waive: `/waive diff-size ${head} until 2026-11-28 because it is generated`,
};
const text =
  'version: 1\npeople: { approvers: ["@quinn"] }\nwaivers: { gates: [diff-size], by: architects, days: 7 }\n';
const policies = { story: storyPolicy, pull: policyOf(text).policy };

/** The code of the answer to a command in a place; null while it waits. */
function answerTo(place: Place, line: string, held: Duty[], over: Partial<CommandRequest> = {}): string | null {
  if (place === "pull") {
    const judged = facts({ policy: text });
    const context = { facts: pullContext(judged, { number: 3 }), loaded: policyOf(text), record: recordOf() };
    return answerOnPull(say(line, "quinn", held, over), context)?.code ?? null;
  }
  const story = playStory({ commands: [say(line, "quinn", held, over)] });
  story.settle();
  return lastEntry(story.entries, "command", () => true)?.body.code ?? null;
}

const cases = (["story", "pull"] as const).flatMap((place) =>
  Object.values(written).flatMap((line): [Place, string, CommandName][] => {
    const command = parseCommand(line);
    return command === null ? [] : [[place, line, command.name]];
  }),
);

test("every command is tried here", () => {
  expect(Object.keys(written).sort()).toEqual(Object.keys(commands).sort());
  expect(cases).toHaveLength(2 * Object.keys(commands).length);
});

describe.each(cases)("on a %s, %s", (place, line, name) => {
  const { on }: { on: { [P in Place]?: unknown } } = commands[name];
  const isHere = on[place] !== undefined;
  const wanted = dutiesOn(place, name, policies[place]);

  test("by somebody with every duty goes to its handler, or is told where it belongs", () => {
    const code = answerTo(place, line, [...duties]);
    expect(code === "wrong-place").toBe(!isHere);
    expect(["not-in-duty", "badly-written"]).not.toContain(code);
  });

  test("is for the people with its duties alone", () => {
    for (const duty of duties)
      expect(answerTo(place, line, [duty]) === "not-in-duty").toBe(wanted.length > 0 && !wanted.includes(duty));
    expect(answerTo(place, line, []) === "not-in-duty").toBe(wanted.length > 0);
  });

  test("by somebody without write access is refused, wherever it belongs", () => {
    const permission = { known: true as const, value: { role: "read" as const, duties: [...duties] } };
    expect(answerTo(place, line, [], { permission })).toBe("no-write-access");
  });

  test("waits while what its author may do cannot be read", () => {
    expect(answerTo(place, line, [], { permission: { known: false, why: "HTTP 500" } })).toBeNull();
  });
});

test("on a closed pull request `/status` and `/help` are still answered, and nothing else", () => {
  const context = {
    facts: pullContext(facts({ policy: text }), { number: 3, state: "closed" }),
    loaded: policyOf(text),
    record: recordOf(),
  };
  const codeOf = (line: string) => answerOnPull(say(line, "quinn", [...duties]), context)?.code;
  expect([written.status, written.help].map(codeOf)).toEqual(["shown", "shown"]);
  const { status: _, help: __, ...others } = written;
  expect(new Set(Object.values(others).map(codeOf))).toEqual(new Set(["closed"]));
});

test("`/help` names what this person may write here", () => {
  const context = {
    facts: pullContext(facts({ policy: text }), { number: 3 }),
    loaded: policyOf(text),
    record: recordOf(),
  };
  const linesFor = (held: Duty[]) => answerOnPull(say("/help", "quinn", held), context)?.line;
  expect(linesFor(["architects"])).toContain("`/waive");
  expect(linesFor([])).not.toContain("`/waive");
});

test("a second command in one comment is named as unread, whatever becomes of the first", () => {
  const context = {
    facts: pullContext(facts({ policy: text }), { number: 3 }),
    loaded: policyOf(text),
    record: recordOf(),
  };
  const unread = /`\/status` below it was not read: write it as a comment of its own\.$/;
  for (const line of [written.help, written.block, written.plan, `/sign-off ${head} pass nothing`])
    expect(answerOnPull(say(`${line}\n\n/status`, "quinn", [...duties]), context)?.line).toMatch(unread);
});

test("a waiver is for whom the policy names, and for everybody who may write where it names nobody", () => {
  expect(dutiesOn("pull", "waive", policies.pull)).toEqual(["architects"]);
  expect(dutiesOn("pull", "waive", policies.story)).toEqual([]);
});
