import { beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { readSegments, segmentEntries, segmentPath } from "../../../core/ledger/branch.ts";
import { keyringOf } from "../../../core/ledger/keyring.ts";
import { type ChainState, chainStart, verifyChain, verifyNext } from "../../../core/ledger/verify.ts";
import { chainOf, drafts, newKey } from "../../builders/ledger.ts";

const count = 1_000;
const key = newKey();
const keys = [{ key: key.publicKey }];
const rules = { keys: keyringOf(keys) };

let lines: string[];
/** A chain of the same repository by the same key, with other entries. */
let twin: string[];
/** How far a verification of the honest chain has come before each entry, and at its end. */
let places: ChainState[];
beforeAll(async () => {
  lines = await chainOf(key.pem, drafts(count));
  twin = await chainOf(key.pem, drafts(count, { at: "2026-11-21T10:00:01.000Z" }));
  places = [chainStart];
  for (const line of lines) {
    const step = verifyNext(places.at(-1) ?? chainStart, line, rules);
    expect(step.problems).toEqual([]);
    places.push(step.state);
  }
}, 60_000);

/** What somebody did to the chain: the lines from the first changed place on, and where it has to be found. */
type Mutation = { from: number; tail: string[]; position: number };

const at = (index: number) => lines[index] ?? "";

const mutations: Record<string, (index: number, where: number, code: number) => Mutation> = {
  flip: (index, where, code) => {
    const line = at(index);
    const column = where % line.length;
    const flipped = String.fromCharCode(line.charCodeAt(column) ^ (1 << (code % 7)));
    const changed = `${line.slice(0, column)}${flipped}${line.slice(column + 1)}`;
    return { from: index, tail: [changed, ...lines.slice(index + 1)], position: index + 1 };
  },
  shorten: (index, where) => {
    const column = where % at(index).length;
    const changed = `${at(index).slice(0, column)}${at(index).slice(column + 1)}`;
    return { from: index, tail: [changed, ...lines.slice(index + 1)], position: index + 1 };
  },
  lengthen: (index, where, code) => {
    const column = where % at(index).length;
    const changed = `${at(index).slice(0, column)}${String.fromCharCode(code)}${at(index).slice(column)}`;
    return { from: index, tail: [changed, ...lines.slice(index + 1)], position: index + 1 };
  },
  drop: (index) => ({ from: index, tail: lines.slice(index + 1), position: index + 1 }),
  swap: (index, where) => {
    const other = index + 1 + (where % (count - index - 1));
    const tail = lines.with(index, at(other)).with(other, at(index)).slice(index);
    return { from: index, tail, position: index + 1 };
  },
  duplicate: (index, where) => {
    const again = index + 1 + (where % (count - index - 1));
    return { from: again, tail: [at(index), ...lines.slice(again)], position: again + 1 };
  },
  // A first entry follows nothing, so another chain's is found by the second.
  splice: (index) => ({
    from: index,
    tail: [twin[index] ?? "", ...lines.slice(index + 1)],
    position: Math.max(index + 1, 2),
  }),
  graft: (index) => ({ from: index + 1, tail: twin.slice(index + 1), position: index + 2 }),
};

const mutation = fc
  .record({
    kind: fc.constantFrom(...Object.keys(mutations)),
    // The last entry is left out: without it the chain is shorter and else in order, which the anchor finds below.
    place: fc.nat(count - 2),
    where: fc.nat(),
    code: fc.nat(255),
  })
  .map(({ kind, place: index, where, code }) => ({ kind, ...made(kind, index, where, code) }));

function made(kind: string, index: number, where: number, code: number): Mutation {
  const mutate = mutations[kind];
  if (mutate === undefined) throw new Error(`no mutation ${kind}`);
  return mutate(index, where, code);
}

/** The first problem that a verification finds which has come to the changed place; undefined: none near there. */
function firstProblem({ from, tail }: Mutation): number | undefined {
  let state = places[from] ?? chainStart;
  for (const line of tail.slice(0, 2)) {
    const step = verifyNext(state, line, rules);
    if (step.problems[0] !== undefined) return step.problems[0].position;
    state = step.state;
  }
  return undefined;
}

describe("T147: whatever is done to a ledger of 1,000 entries is found, with its place", () => {
  test("ten thousand times, from where the honest part ends", () => {
    fc.assert(
      fc.property(mutation, (one) => {
        expect(firstProblem(one)).toBe(one.position);
      }),
      { numRuns: 10_000 },
    );
  }, 60_000);

  test("the same from the first entry on", () => {
    fc.assert(
      fc.property(mutation, (one) => {
        const report = verifyChain([...lines.slice(0, one.from), ...one.tail.slice(0, 2)], keys);
        expect({ ok: report.ok, position: report.problems[0]?.position }).toEqual({
          ok: false,
          position: one.position,
        });
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  test("T143: entries cut off at the end, with a head from elsewhere", () => {
    const head = places.at(-1)?.last;
    if (head === undefined || head === null) throw new Error("the honest chain has a head");
    for (const left of [0, 1, 2, 10, 40]) {
      const report = verifyChain(lines.slice(0, left), keys, { anchor: head });
      expect(report.problems.at(-1)).toMatchObject({ code: "cut-tail", position: count });
    }
    const short = verifyChain(lines.slice(0, count - 1), keys, { anchor: head });
    expect(short.problems).toEqual([expect.objectContaining({ code: "cut-tail", position: count })]);
    expect(verifyChain(lines, keys, { anchor: head }).ok).toBe(true);
  }, 60_000);
});

test("T147: a bit turned over anywhere in the branch's files", () => {
  const files = new Map<string, Buffer>();
  for (let seq = 1; seq <= count; seq += segmentEntries)
    files.set(segmentPath(seq), Buffer.from(`${lines.slice(seq - 1, seq - 1 + segmentEntries).join("\n")}\n`));
  fc.assert(
    fc.property(fc.constantFrom(...files.keys()), fc.nat(), fc.nat(7), (path, where, bit) => {
      const bytes = files.get(path) ?? Buffer.alloc(0);
      const changed = Buffer.from(bytes);
      const index = where % bytes.length;
      changed[index] = (bytes[index] ?? 0) ^ (1 << bit);
      const before = [...files.keys()].indexOf(path) * segmentEntries;
      const entry = before + bytes.subarray(0, index).filter((byte) => byte === 0x0a).length + 1;
      const read = readSegments(new Map(files).set(path, changed));
      const from = entry - 1;
      const position = read.ok ? firstProblem({ from, tail: read.lines.slice(from), position: entry }) : read.position;
      // A line more or less in a full file is a fault of the file, told at its end.
      const isLineEnd = bytes[index] === 0x0a || changed[index] === 0x0a;
      const ends = [before + segmentEntries, before + segmentEntries + 1];
      expect(isLineEnd ? [entry, ...ends] : [entry]).toContain(position);
    }),
    { numRuns: 300 },
  );
}, 60_000);
