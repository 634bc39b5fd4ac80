import { describe, expect, test } from "@jest/globals";
import type { TypedEntry } from "../../../core/entries.ts";
import { unknown } from "../../../core/known.ts";
import { altered, commit, entries, git, last, notSame, other, replay, sources } from "../../builders/altered-replay.ts";

describe("bodies", () => {
  const changedBody = <T>(bodies: ReadonlyMap<string, { text: string; value: T | null }>) => {
    const [sha256, body] = [...bodies].at(-1) ?? ["", { text: "", value: null }];
    return new Map(bodies).set(sha256, { ...body, text: `${body.text} ` });
  };

  test("T152: a published one that is not what was recorded differs", () => {
    expect(notSame(entries, { ...sources, packs: changedBody(sources.packs) })).toEqual([`differs: prompt ${last}`]);
    expect(notSame(entries, { ...sources, results: changedBody(sources.results) })).toEqual([
      `differs: answer ${last}`,
    ]);
  });

  test("without answers their content and their review could not be tried; all else still is", () => {
    const bare = { ...sources, packs: new Map(), results: new Map() };
    const untried = ["#3 R0/S0", "#3 R0/S1", last].flatMap((about) => [
      `unpublished: answer ${about}`,
      `unpublished: review ${about}`,
    ]);
    expect(notSame(entries, bare)).toEqual(untried);
    expect(replay(entries, bare)).toMatchObject({ ok: true });
  });

  describe("that were given up after their time", () => {
    const [first = ""] = sources.results.keys();
    const seq = (entries.at(-1)?.seq ?? 0) + 1;
    const purge = (...digests: string[]): TypedEntry => ({
      ...{ kind: "payload.purged", seq, hash: other.sha256, at: "2028-01-01T00:00:00.000Z" },
      actor: { type: "app", id: 9, login: "sallyport[bot]" },
      body: {
        digests: digests.map((sha256) => ({ sha256, bytes: 1 })),
        ...{ reason: "retention", days: 400, policy: other.sha },
      },
    });

    test("are told from those that were never published, and the replay is not whole", () => {
      const results = new Map([...sources.results].slice(1));
      expect(notSame([...entries, purge(first)], { ...sources, results })).toEqual([
        "purged: answer #3 R0/S0",
        "purged: review #3 R0/S0",
      ]);
      const { ok, counts, steps } = replay([...entries, purge(first)], { ...sources, results: new Map() });
      expect({ ok, counts }).toMatchObject({ ok: false, counts: { differs: 0, missing: 0, purged: 2 } });
      expect(counts.unpublished).toBeGreaterThan(0);
      expect(steps.find(({ result }) => result === "purged")?.text).toContain(`by entry ${seq}`);
    });

    test("make no difference where they are here all the same, or are derived from git", () => {
      const all = purge(...sources.results.keys(), ...sources.packs.keys());
      expect(notSame([...entries, all])).toEqual([]);
      expect(notSame([...entries, all], { ...sources, packs: new Map() })).toEqual([]);
      const bare = { ...sources, packs: new Map(), git: null };
      expect(notSame([...entries, all], bare).filter((step) => step.includes("prompt"))).toEqual(
        ["#3 R0/S0", "#3 R0/S1", last].map((about) => `purged: prompt ${about}`),
      );
    });

    test("do not hide that an acceptance is refused by its recorded outcome", () => {
      const bare = { ...sources, results: new Map() };
      const refused = altered("response.recorded", { outcome: "asked" });
      expect(notSame([...refused, purge(...sources.results.keys())], bare)).toContain(`differs: review ${last}`);
    });
  });

  test("without the answer, an acceptance that its recorded outcome or files refuse differs", () => {
    const bare = { ...sources, results: new Map() };
    for (const change of [
      { outcome: "asked" as const },
      { files: [] },
      { files: [{ path: "governance/a", sha256: null }] },
    ])
      expect(notSame(altered("response.recorded", change), bare)).toContain(`differs: review ${last}`);
  });
});

describe("a copy without git", () => {
  const lost = ["policy .github/sallyport.yml", ...["#3 R0/S1", last].flatMap((a) => [`commit ${a}`])];

  test("tries the packs by their published bodies, and says what it could not try", () => {
    const folder = { ...sources, git: null };
    expect(notSame(entries, folder)).toEqual(lost.map((step) => `unpublished: ${step}`));
    expect(replay(entries, folder)).toMatchObject({ ok: true });
    const [sha256 = "", body] = [...sources.packs].at(-1) ?? [];
    for (const change of [{ contract: "Another." }, { base: other.sha }, { paths: ["**"] }]) {
      const value = body?.value ? { ...body.value, ...change } : null;
      const packs = new Map(sources.packs).set(sha256, { text: body?.text ?? "", value });
      expect(notSame(entries, { ...folder, packs })).toContain(`differs: prompt ${last}`);
    }
  });

  test("without bodies nothing of a pack can be tried", () => {
    const bare = { ...sources, packs: new Map(), git: null };
    expect(notSame(entries, bare).filter((step) => step.includes("prompt"))).toEqual(
      ["#3 R0/S0", "#3 R0/S1", last].map((about) => `unpublished: prompt ${about}`),
    );
  });
});

describe("what git lacks is missing, and the replay is not ok", () => {
  test("the policy", () => {
    const from = git({ policy: unknown("no such blob"), policyAtBase: unknown("no such commit") });
    const bare = { ...from, packs: new Map() };
    expect(notSame(entries, bare).filter((step) => step.startsWith("missing"))).toEqual([
      "missing: policy .github/sallyport.yml",
      ...["#3 R0/S0", "#3 R0/S1", last].map((about) => `missing: prompt ${about}`),
    ]);
    expect(replay(entries, bare)).toMatchObject({ ok: false });
  });

  test("a commit; it is said where it can be fetched", () => {
    const from = commit(() => unknown("bad object"));
    expect(notSame(entries, from)).toEqual([`missing: commit ${last}`]);
    expect(replay(entries, from).steps.find(({ result }) => result === "missing")?.text).toBe(
      "bad object; fetch it: git fetch origin refs/pull/12/head",
    );
    const unopened = entries.filter((entry) => entry.kind !== "pull.opened");
    expect(replay(unopened, from).steps.find(({ result }) => result === "missing")?.text).toBe(
      "bad object; fetch it: git fetch origin sallyport/run-2-1/4",
    );
  });
});

describe("what a run rests on is not there", () => {
  test.each([
    ["contract.frozen", "contract"],
    ["approval.granted", "approval"],
    ["plan.proposed", "plan"],
  ])("without %s nothing past it is told", (kind, step) => {
    const { ok, steps } = replay(entries.filter((entry) => entry.kind !== kind));
    expect({ ok, steps: steps.map((one) => [one.step, one.result]) }).toEqual({
      ok: false,
      steps: [[step, "differs"]],
    });
  });

  test("an issue that was opened for no prompt of the contract", () => {
    const unopened = entries.filter((entry) => entry.kind !== "prompt.opened" || entry.body.issue !== 4);
    expect(notSame(unopened)).toContain(`differs: prompt ${last}`);
  });
});
