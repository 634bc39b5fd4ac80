import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Draft, TypedEntry } from "../../../core/entries.ts";
import type { PolicyReading } from "../../../core/facts.ts";
import {
  applyPurge,
  decidePurge,
  openStoriesDue,
  purgedBodies,
  referencedBodies,
  retainedBodies,
} from "../../../core/ledger/retention.ts";
import { maxPurged } from "../../../schemas/limits.ts";
import { Policy } from "../../../schemas/policy.ts";
import { type Act, acted } from "../../builders/attempt-entries.ts";

const bot = { id: 41, login: "sallyport[bot]", type: "Bot" as const };
const ourselves = { appId: 9, slug: "sallyport", page: "https://github.com/apps/sallyport", bot };
const key = `ed25519:${"A".repeat(43)}=`;
const blob = "5".repeat(40);

function policy(retention?: string | number): PolicyReading {
  const ledger = { keys: [{ key }], ...(retention === undefined ? {} : { retention }) };
  return {
    state: "loaded",
    ref: "1".repeat(40),
    blob,
    policy: Policy.parse({ version: 1, ledger }),
    lines: {},
  };
}

const purgeOf = (...letters: string[]): Draft => ({
  kind: "payload.purged",
  actor: { type: "app", id: 41, login: bot.login },
  subject: [],
  body: {
    digests: letters.map((letter) => ({ sha256: letter.repeat(64), bytes: 1 })),
    reason: "retention",
    days: 30,
    policy: blob,
  },
});

/** Entries, each so many days before the first of November. */
function ledger(...acts: [days: number, act: Act | Draft][]): TypedEntry[] {
  return acts.map(([days, act], index) => {
    const draft = typeof act === "object" && "kind" in act ? act : acted(act);
    const at = new Date(Date.parse("2026-11-01T00:00:00Z") - days * 86_400_000).toISOString();
    return { ...draft, seq: index + 1, hash: String(index), at };
  });
}

const decide = (entries: TypedEntry[], reading = policy("30d"), abandoned: number[] = []) => {
  const facts = { now: "2026-11-01T00:00:00.000Z", ourselves, policy: reading, entries };
  const draft = decidePurge({ ...facts, abandoned: new Set(abandoned) });
  return {
    letters: draft?.kind === "payload.purged" ? draft.body.digests.map(({ sha256 }) => sha256[0]) : [],
    draft,
    asked: openStoriesDue(facts),
  };
};

const old = ledger([60, "ask"], [59, "answer"], [50, "end"]);

describe("bodies are given up", () => {
  test("when their newest entry is older than the policy keeps them; the entry says by which rule", () => {
    expect(decide(old).draft).toEqual({
      kind: "payload.purged",
      actor: { type: "app", id: 41, login: "sallyport[bot]" },
      subject: [],
      body: {
        digests: ["a", "b"].map((letter) => ({ sha256: letter.repeat(64), bytes: 1 })),
        reason: "retention",
        days: 30,
        policy: blob,
      },
    });
  });

  const cases: [string, TypedEntry[], PolicyReading, string[]][] = [
    ["a number of days", old, policy(58), ["a", "b"]],
    ["one of them is not old enough", ledger([61, "ask"], [60, "answer"], [50, "end"]), policy("60d"), ["a"]],
    ["it is the very last moment", ledger([30, "ask"], [29, "end"]), policy("30d"), []],
    ["the policy says nothing", old, policy(), []],
    [
      "the policy says nothing of the ledger",
      old,
      { state: "loaded", ref: blob, blob, policy: Policy.parse({ version: 1 }), lines: {} },
      [],
    ],
    ["a clock went back", ledger([20, "ask"], [60, ["ask", { s: 1 }]], [59, "end"]), policy("30d"), []],
    ["there is no policy", old, { state: "absent", ref: blob, removedBy: null }, []],
    [
      "the policy is malformed",
      old,
      { state: "malformed", ref: blob, blob, problems: [{ message: "", line: 1, column: 1 }] },
      [],
    ],
    ["the run is open", ledger([60, "ask"], [59, "answer"]), policy("30d"), []],
    [
      "another run named the same body yesterday",
      ledger([60, "ask"], [50, "end"], [1, ["ask", { run: "run-7-2" }]], [1, ["end", { run: "run-7-2" }]]),
      policy("30d"),
      [],
    ],
    [
      "an open run named the same body long ago",
      ledger([60, "ask"], [50, "end"], [49, ["ask", { run: "run-7-2" }]]),
      policy("30d"),
      [],
    ],
    ["they were given up before", ledger([60, "ask"], [50, "end"], [10, purgeOf("a")]), policy("30d"), []],
    [
      "they were given up before and named again",
      ledger([90, "ask"], [89, "end"], [60, purgeOf("a")], [50, ["ask", { s: 1 }]]),
      policy("30d"),
      ["a"],
    ],
  ];
  test.each(cases)("or not: %s", (_what, entries, reading, letters) => {
    const { draft, letters: given } = decide(entries, reading);
    expect(given).toEqual(letters);
    expect(draft === null).toBe(letters.length === 0);
  });

  test("when a person closed the story of an open run; which stories, is asked first", () => {
    const open = ledger([60, "ask"], [59, "answer"]);
    expect(decide(open)).toMatchObject({ asked: [7], letters: [] });
    expect(decide(open, policy("30d"), [7]).letters).toEqual(["a", "b"]);
    expect(decide(open, policy("30d"), [8]).letters).toEqual([]);
    expect(decide(old).asked).toEqual([]);
    expect(decide(open, policy()).asked).toEqual([]);
  });

  test("at most so many in one entry, the oldest first, and the others after it", () => {
    const many = Array.from({ length: maxPurged + 3 }, (_, index): [number, Draft] => {
      const ask = acted(["ask", { s: index }]);
      if (ask.kind !== "prompt.recorded") throw new Error("no prompt");
      const pack = { ...ask.body.pack, sha256: String(index).padStart(64, "0") };
      return [60, { ...ask, body: { ...ask.body, pack } }];
    });
    const entries = ledger(...many, [59, "end"]);
    const first = decide(entries).draft;
    if (first?.kind !== "payload.purged") throw new Error("nothing was given up");
    expect(first.body.digests.map(({ sha256 }) => Number(sha256))).toEqual(
      Array.from({ length: maxPurged }, (_, index) => index),
    );
    const next = decide(ledger(...many, [59, "end"], [0, first])).draft;
    expect(next?.kind === "payload.purged" && next.body.digests).toHaveLength(3);
  });
});

test("a body is what an entry names by digest, size and type, and nothing that looks like it", () => {
  const ref = { sha256: "a".repeat(64), bytes: 1, mediaType: "application/json" };
  const others = { run: "run-7-1", at: 1, none: null, list: [ref], part: { sha256: "a" }, more: { digest: ref } };
  expect(referencedBodies({ body: { ...others, pack: ref } })).toEqual([ref]);
});

test("only an entry that says so gives a body up, and only where it can be read", () => {
  const purgedBy = (kind: string, body: object) => {
    const purged = new Map<string, number>();
    applyPurge(purged, { seq: 3, kind, body: { ...body } });
    return [...purged];
  };
  const { body } = purgeOf("a");
  expect(purgedBy("payload.purged", body)).toEqual([["a".repeat(64), 3]]);
  expect(purgedBy("incident.raised", body)).toEqual([]);
  expect(purgedBy("payload.purged", { ...body, reason: "because" })).toEqual([]);
});

test("a body is given up by the last word on it, and what is kept is the rest", () => {
  const letters = ["a", "b", "c"];
  const event = fc.tuple(fc.boolean(), fc.constantFrom(...letters));
  fc.assert(
    fc.property(fc.array(event, { maxLength: 20 }), (events) => {
      const entries = ledger(
        ...events.map(([isPurge, letter], index): [number, Act | Draft] => [
          9,
          isPurge ? purgeOf(letter) : ["ask", { pack: letter, s: index }],
        ]),
      );
      const purged = purgedBodies(entries);
      const kept = retainedBodies(entries);
      expect(kept.size).toBe(letters.filter((letter) => kept.has(letter.repeat(64))).length);
      for (const letter of letters) {
        const last = events.findLast((one) => one[1] === letter);
        const name = letter.repeat(64);
        expect(purged.has(name)).toBe(last?.[0] === true);
        expect(kept.has(name)).toBe(last?.[0] === false);
      }
    }),
  );
});

test.each(["30 days", "0d", "1h", "-1", "40000d", 0, 1.5])("a retention of %p is refused", (retention) => {
  const read = Policy.safeParse({ version: 1, ledger: { keys: [{ key }], retention } });
  expect(read.success).toBe(false);
});
