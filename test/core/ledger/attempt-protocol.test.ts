import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Draft, TypedEntry } from "../../../core/entries.ts";
import type { Json } from "../../../core/json.ts";
import { checkAttempt, emptyAttempts, stateOf } from "../../../core/ledger/attempt-protocol.ts";
import { verifyChain } from "../../../core/ledger/verify.ts";
import { type Act, acted } from "../../builders/attempt-entries.ts";
import { chainOf, draft, newKey } from "../../builders/ledger.ts";
import { begin } from "../../builders/story.ts";

/** What each entry breaks, with its place. */
function problemsOf(entries: readonly (Draft | TypedEntry)[]) {
  const attempts = emptyAttempts();
  return entries.flatMap((entry, index) => {
    const message = checkAttempt(attempts, entry);
    return message === null ? [] : [{ position: index + 1, message }];
  });
}
const problems = (...acts: Act[]) => problemsOf(acts.map(acted));

describe("what follows the protocol", () => {
  const cases: [string, Act[]][] = [
    ["one attempt, from prompt to commit", ["ask", "answer", "accept", "capture", "commit"]],
    ["a refused answer and a second try", ["ask", "answer", "refuse", ["ask", { s: 1 }], ["answer", { s: 1 }]]],
    ["a call that brought no answer", ["ask", "refuse", ["ask", { s: 1 }]]],
    ["a revision of the prompt", ["ask", "answer", "refuse", ["ask", { r: 1 }], ["answer", { r: 1 }]]],
    ["two prompts side by side", ["ask", ["ask", { prompt: 12 }], "answer", ["answer", { prompt: 12 }]]],
    [
      "a stopped run leaves its attempt; the next run goes on counting",
      ["ask", "end", ["ask", { run: "run-7-2", s: 1 }]],
    ],
    ["nothing", []],
  ];
  test.each(cases)("%s", (_, acts) => {
    expect(problems(...acts)).toEqual([]);
  });

  test("whatever the engine itself records: refusals, a stop, a retry", () => {
    const story = begin();
    story.answer({ files: [{ path: "governance/a", content: "no" }] });
    story.say("lena", "/stop");
    story.say("lena", "/run");
    story.finish("run-agent", { status: "failed", code: "model", message: "it was cut off" });
    story.answer();
    const tries = story.entries.flatMap((entry) => (entry.kind === "prompt.recorded" ? [entry.body.attempt.s] : []));
    expect(tries).toEqual([0, 1, 2, 3]);
    expect(story.kinds()).toContain("evidence.captured");
    expect(problemsOf(story.entries)).toEqual([]);
  });
});

describe("what breaks the protocol is told with its place", () => {
  const cases: [string, Act[], RegExp][] = [
    ["a first attempt that is not R0/S0", [["ask", { s: 1 }]], /R0\/S1 in run-7-1 begins where R0\/S0 is due/],
    ["a try left out", ["ask", "refuse", ["ask", { s: 2 }]], /begins where R0\/S1 or R1\/S0 is due/],
    ["a revision that does not start at S0", ["ask", "refuse", ["ask", { r: 1, s: 1 }]], /R1\/S0 is due/],
    ["the same number again", ["ask", "refuse", "ask"], /R0\/S0 in run-7-1 begins where/],
    ["a second attempt while one is open", ["ask", ["ask", { s: 1 }]], /begins while R0\/S0 in run-7-1 is open/],
    ["an answer nobody asked for", ["answer"], /not the last attempt/],
    ["an answer to an earlier try", ["ask", "refuse", ["ask", { s: 1 }], "answer"], /not the last attempt/],
    ["an answer to an earlier revision", ["ask", "refuse", ["ask", { r: 1 }], "answer"], /not the last attempt/],
    ["an answer to another run's prompt", ["ask", ["answer", { run: "run-7-2" }]], /not the last attempt/],
    ["a second answer", ["ask", "answer", "answer"], /is answered where it has to be asked/],
    ["an answer after the end", ["ask", "refuse", "answer"], /is refused where it has to be asked/],
    ["a second end", ["ask", "answer", "refuse", "accept"], /is refused where it has to be answered/],
    ["an acceptance of no answer", ["ask", "accept"], /is asked where it has to be answered/],
    ["an answer after the end of its run", ["ask", "end", "answer"], /after the end of its run/],
    ["an attempt after the end of its run", ["end", "ask"], /begins after the end of its run/],
    ["evidence of a refused answer", ["ask", "answer", "refuse", "capture"], /has to be accepted/],
    ["evidence before the end", ["ask", "answer", "capture"], /is answered where it has to be accepted/],
    [
      "T140 evidence of another answer",
      ["ask", "answer", "accept", ["capture", { answer: "e" }]],
      /another prompt or answer/,
    ],
    [
      "T140 evidence of another prompt",
      ["ask", "answer", "accept", ["capture", { pack: "e" }]],
      /another prompt or answer/,
    ],
    ["evidence of another answer before the end", ["ask", "answer", ["capture", { answer: "e" }]], /to be accepted/],
    ["a commit without evidence", ["ask", "answer", "accept", "commit"], /has to be captured/],
    ["a second commit", ["ask", "answer", "accept", "capture", "commit", "commit"], /is committed where/],
  ];
  test.each(cases)("%s", (_, acts, message) => {
    expect(problems(...acts)).toEqual([{ position: acts.length, message: expect.stringMatching(message) }]);
  });

  const chains: [string, Act[], number][] = [
    ["a try left out", ["ask", "answer", "refuse", ["ask", { s: 2 }], ["answer", { s: 2 }]], 4],
    ["a second answer", ["ask", "answer", "refuse", "answer"], 4],
    ["an acceptance of no answer", ["ask", "accept"], 2],
    ["evidence before the end", ["ask", "answer", "capture"], 3],
    ["a commit without evidence", ["ask", "answer", "accept", "commit"], 4],
    ["an attempt after the end of its run", ["end", "ask"], 2],
  ];
  test.each(chains)("a chain with good signatures and a bad attempt does not verify: %s", async (_, acts, position) => {
    const key = newKey();
    const drafts = acts.map((act) => {
      const { kind, body, subject } = acted(act);
      return draft({ kind, subject, body: body satisfies Json });
    });
    const seen: number[] = [];
    const lines = await chainOf(key.pem, drafts);
    const report = verifyChain(lines, [{ key: key.publicKey }], { visit: ({ seq }) => seen.push(seq) });
    expect(report).toMatchObject({ ok: false, problems: [{ code: "bad-attempt", position }] });
    expect(seen).toEqual(lines.map((_, index) => index + 1).filter((seq) => seq !== position));
  });
});

test("in a chain with a problem attempts are not judged: what follows would be told again and again", async () => {
  const key = newKey();
  const drafts = (["ask", "answer", "answer"] as const).map((act) => {
    const { kind, body, subject } = acted(act);
    return draft({ kind, subject, body: body satisfies Json });
  });
  const lines = await chainOf(key.pem, drafts);
  const { problems } = verifyChain(["no entry", ...lines], [{ key: key.publicKey }]);
  expect(problems.map(({ code }) => code)).not.toContain("bad-attempt");
});

const none = { response: null, closed: null, evidence: null, commit: null };
test.each([
  ["asked", none],
  ["answered", { ...none, response: {} }],
  ["refused", { ...none, response: {}, closed: { accepted: false } }],
  ["accepted", { ...none, response: {}, closed: { accepted: true } }],
  ["captured", { ...none, response: {}, closed: { accepted: true }, evidence: {} }],
  ["committed", { response: {}, closed: { accepted: true }, evidence: {}, commit: {} }],
])("an attempt is %s by its last entry", (state, recorded) => {
  expect(stateOf(recorded)).toBe(state);
});

test("one prompt's entries are in order exactly when a grammar of them says so", () => {
  const letters: Record<string, Act> = { A: "answer", R: "refuse", C: "accept", E: "capture", W: "commit" };
  const grammar = /^(?:P(?:R|A(?:R|C(?:EW?)?)))*(?:PA?)?$/;
  fc.assert(
    fc.property(fc.array(fc.constantFrom("P", "P", "A", "A", "R", "C", "E", "W"), { maxLength: 8 }), (word) => {
      let s = -1;
      const acts = word.map((letter): Act => {
        if (letter === "P") s += 1;
        const name = letters[letter] ?? "ask";
        return [typeof name === "string" ? name : name[0], { s: Math.max(s, 0) }];
      });
      expect(problems(...acts).length === 0).toBe(grammar.test(word.join("")));
    }),
    { numRuns: 3_000 },
  );
});
