import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { file } from "../../collect/repository.ts";
import { chainOf, draft, drafts, newKey } from "../../ledger.ts";
import { makeLedgerClone } from "./ledger-clone.ts";

const [repository, other] = [makeLedgerClone(), makeLedgerClone()];
afterAll(() => {
  repository.remove();
  other.remove();
});
const diff = (...args: string[]) => repository.run(["diff", ...args]);

const key = newKey();
let lines: string[];
beforeAll(async () => {
  lines = await chainOf(key.pem, drafts(502));
  repository.publish(lines);
  await repository.run(["export", "clone", "--out", "ledger.tar"]);
  await repository.run(["import", "ledger.tar", "--into", "copy"]);
});

describe("sallyport ledger diff", () => {
  test("the same, wherever it stands", async () => {
    expect(await diff("clone", "ledger.tar")).toMatchObject({
      exit: 0,
      out: "a and b are the same: 502 entries\n",
    });
    const { out } = await diff("copy", "clone", "--json");
    expect(JSON.parse(out)).toEqual({ relation: "same", common: 502, entries: { a: 502, b: 502 } });
  });

  test("one continues the other", async () => {
    other.publish(lines.slice(0, 400));
    expect(await diff(other.clone, "clone")).toMatchObject({
      exit: 0,
      out: "b is a continued by 102 entries; the first 400 are the same\n",
    });
    expect(await diff("clone", other.clone)).toMatchObject({
      exit: 0,
      out: expect.stringMatching(/^a is b cont/),
    });
  });

  test("T144: they part, and where", async () => {
    const fork = await chainOf(key.pem, [...drafts(100), draft({ kind: "command" }), ...drafts(20)]);
    other.publish([...lines.slice(0, 100), ...fork.slice(100)]);
    const { exit, out } = await diff("clone", other.clone);
    expect(exit).toBe(1);
    expect(out).toMatch(
      /^a and b part at entry 101; the first 100 are the same\n {2}a: 101 .*incident\.raised.*\n {2}b: 101 .*command/,
    );
  });

  test("what cannot be read is not compared", async () => {
    expect(await diff("clone", "nowhere")).toMatchObject({ exit: 2, out: "" });
    other.publish(lines, { "ledger/0002.jsonl": file("{") });
    expect(await diff("clone", other.clone)).toMatchObject({
      exit: 2,
      err: expect.stringContaining("is broken"),
    });
  });
});
