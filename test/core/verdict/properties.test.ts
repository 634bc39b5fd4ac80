import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { PullFacts } from "../../../core/facts.ts";
import { gateNames } from "../../../core/gates/registry.ts";
import { type Known, known, unknown } from "../../../core/known.ts";
import { judge, verdictText } from "../../../core/verdict/judge.ts";
import { type GateResult, Verdict } from "../../../schemas/verdict.ts";
import { anyFacts } from "../../builders/any-facts.ts";

const all = { settle: "all" } as const;

const readings = [
  "mergeBase",
  "changes",
  "texts",
  "commits",
  "secrets",
  "proposed",
  "reviews",
  "checks",
  "record",
  "retargetedAt",
] as const;

const blocks = ({ status }: GateResult) => status !== "pass" && status !== "not-applicable";

/** The facts without some of them. */
function without(given: PullFacts, lost: readonly (typeof readings)[number][]): PullFacts {
  const poorer = { ...given };
  for (const name of lost) poorer[name] = unknown("no answer");
  return poorer;
}

function turned<T>(list: Known<T[]>): Known<T[]> {
  return list.known ? known(list.value.toReversed()) : list;
}

/** The same value with the keys of every object the other way round. */
function rekeyed<T>(value: T): T;
function rekeyed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => rekeyed(one));
  // The order of a map is what its file says.
  if (typeof value !== "object" || value === null || value instanceof Map) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, rekeyed(inner)]),
  );
}

describe("with every gate set to work, whatever the facts", () => {
  test("no gate breaks, with any of the facts unread", () => {
    fc.assert(
      fc.property(anyFacts, fc.subarray([...readings]), (given, lost) => {
        const verdict = judge(without(given, lost), all);
        expect(Verdict.parse(JSON.parse(verdictText(verdict)))).toEqual(verdict);
        const codes = verdict.gates.flatMap(({ reasons }) => reasons.map(({ code }) => code));
        expect(codes).not.toContain("gate-crashed");
      }),
    );
  });

  test("every gate gives a reason, and every block says what it is and who may take which step", () => {
    fc.assert(
      fc.property(anyFacts, fc.subarray([...readings]), (given, lost) => {
        for (const gate of judge(without(given, lost), all).gates) {
          expect(gate.reasons).not.toEqual([]);
          const said = gate.reasons.map(({ code, message, next }) => ({ code, message, next }));
          const word = expect.stringMatching(/\S/);
          // Beside a test that is still to be done, one that is done asks for nothing.
          const asking = said.filter(({ code }) => !code.startsWith("signed-off"));
          const next = blocks(gate) ? { step: word, who: word } : undefined;
          expect(asking).toEqual(asking.map(() => ({ code: word, message: word, next })));
          if (blocks(gate)) expect(asking).not.toEqual([]);
        }
      }),
    );
  });

  test("a fact that cannot be read never opens a gate that was shut, so no verdict turns green", () => {
    fc.assert(
      fc.property(anyFacts, fc.subarray([...readings], { minLength: 1 }), (given, lost) => {
        const before = judge(given, all);
        const after = judge(without(given, lost), all);
        const shut = before.gates.filter(blocks).map(({ gate }) => gate);
        expect(after.gates.filter(blocks).map(({ gate }) => gate)).toEqual(expect.arrayContaining(shut));
      }),
    );
  });

  test("the same facts give the same bytes, however they were listed", () => {
    fc.assert(
      fc.property(anyFacts, (given) => {
        if (!given.record.known) throw new Error("these facts are all read");
        const { signOffs, waivers, ...record } = given.record.value;
        const other: PullFacts = {
          ...given,
          changes: turned(given.changes),
          texts: turned(given.texts),
          commits: turned(given.commits),
          secrets: turned(given.secrets),
          reviews: turned(given.reviews),
          checks: turned(given.checks),
          record: known({ ...record, signOffs: signOffs.toReversed(), waivers: waivers.toReversed() }),
        };
        const text = verdictText(judge(given, all));
        expect(verdictText(judge(other, all))).toBe(text);
        expect(verdictText(judge(rekeyed(given), all))).toBe(text);
      }),
    );
  });

  test("what the commits settle, the App and a git directory settle alike, or the App knows more of the story", () => {
    fc.assert(
      fc.property(anyFacts, (given) => {
        const local = { ...without(given, ["record", "reviews", "checks"]), pull: null };
        const inApp = new Map(judge(given, all).gates.map((gate) => [gate.gate, gate]));
        const open = judge(local, { settle: "content" }).gates.filter((gate) => !blocks(gate));
        for (const gate of open) expect(inApp.get(gate.gate)?.status).toBe(gate.status);
      }),
    );
  });
});

test("the facts drawn here open and shut every gate", () => {
  const seen = new Set<string>();
  for (const given of fc.sample(anyFacts, { numRuns: 300, seed: 7 }))
    for (const gate of judge(given, all).gates) seen.add(`${gate.gate} ${blocks(gate) ? "blocks" : gate.status}`);
  const wanted = gateNames.flatMap((name) => [`${name} pass`, `${name} blocks`]);
  expect(wanted.filter((one) => !seen.has(one))).toEqual([]);
});
