import { describe, expect, test } from "@jest/globals";
import type { TypedEntry } from "../../../core/entries.ts";
import { tracePull } from "../../../core/evidence/trace.ts";
import { begin } from "../../builders/story.ts";

const head = "d".repeat(40);
const merged = "e".repeat(40);
const lena = { id: 1, login: "lena", type: "User" as const };
const quinn = { type: "user" as const, id: 2, login: "quinn" };

/** The ledger of a story whose first prompt became #11 in its second attempt, was tried by hand and merged. */
function road(): TypedEntry[] {
  const app = { type: "app" as const, id: 9, login: "sallyport[bot]" };
  const story = begin();
  story.answer({ files: [{ path: "governance/a", content: "no" }] });
  story.answer();
  const commit = { type: "commit" as const, commit: head, tree: "f".repeat(40), parent: "b".repeat(40) };
  story.finish("write-change", { status: "done", result: commit });
  story.finish("open-pull", { status: "done", result: { type: "pull", number: 11 } });
  const subject = [{ digest: { gitCommit: head } }];
  const signOff = {
    test: "manual",
    result: "pass" as const,
    comment: 1,
    environment: "",
    notes: "",
    solo: false,
  };
  story.append({ kind: "sign-off.given", actor: quinn, subject, body: { ...signOff, pull: 11, sha: head } });
  story.append({
    kind: "merge.observed",
    actor: app,
    subject,
    body: { pull: 11, head, merged, tree: "f".repeat(40), judged: true, by: lena },
  });
  return story.entries;
}

const entries = road();
const trace = tracePull(entries, 11);
const seqOf = (kind: string) => entries.findLast((entry) => entry.kind === kind)?.seq;

test("a merged pull request is followed back to the person who approved it", () => {
  expect(trace.ok).toBe(true);
  expect(trace.links.map(({ link, seq }) => [link, seq])).toEqual([
    ["merge", seqOf("merge.observed")],
    ["pull request", seqOf("pull.opened")],
    ["sign-off", seqOf("sign-off.given")],
    ["commit", seqOf("change.committed")],
    ["evidence", seqOf("evidence.captured")],
    ["answer", seqOf("response.recorded")],
    ["prompt", entries.findLast((one) => one.kind === "prompt.recorded" && one.body.prompt === 3)?.seq],
    ["run", seqOf("run.submitted")],
    ["issue", entries.find((one) => one.kind === "prompt.opened")?.seq],
    ["contract", seqOf("contract.frozen")],
    ["approval", seqOf("approval.granted")],
  ]);
  const texts = trace.links.map(({ text }) => text).join("\n");
  for (const part of [merged, head, "R0/S1", "submitted by @lena (id 1)", "by @quinn (id 2), in comment"])
    expect(texts).toContain(part);
});

describe("a link that is missing breaks the trace there, and nothing is told past it", () => {
  const cases: [TypedEntry["kind"], string][] = [
    ["pull.opened", "pull request"],
    ["change.committed", "commit"],
    ["evidence.captured", "evidence"],
    ["response.recorded", "answer"],
    ["prompt.recorded", "prompt"],
    ["run.submitted", "run"],
    ["prompt.opened", "issue"],
    ["contract.frozen", "contract"],
    ["approval.granted", "approval"],
  ];
  test.each(cases)("without %s", (kind, link) => {
    const broken = tracePull(
      entries.filter((entry) => entry.kind !== kind),
      11,
    );
    expect(broken).toMatchObject({ ok: false });
    expect(broken.links.at(-1)).toEqual({ link, seq: null, text: expect.any(String) });
    expect(broken.links.filter(({ seq }) => seq === null)).toHaveLength(1);
  });

  test.each(cases.slice(2))("where %s comes after what rests on it", (kind, link) => {
    const late = entries.map((entry) => (entry.kind === kind ? { ...entry, seq: 1_000 + entry.seq } : entry));
    const broken = tracePull(
      late.toSorted((one, other) => one.seq - other.seq),
      11,
    );
    expect(broken.links.at(-1)).toMatchObject({ link, seq: null });
  });
});

describe("refused", () => {
  const changed = <K extends TypedEntry["kind"]>(kind: K, change: (entry: TypedEntry) => TypedEntry) =>
    tracePull(
      entries.map((entry) => (entry.kind === kind ? change(entry) : entry)),
      11,
    );

  test("a pull request that no run made", () => {
    expect(tracePull(entries, 12)).toEqual({
      pull: 12,
      ok: false,
      links: [{ link: "pull request", seq: null, text: expect.stringContaining("no run opened #12") }],
    });
  });

  test("T141: a merge of another head than the one that was written", () => {
    const other = changed("merge.observed", (entry) =>
      entry.kind === "merge.observed" ? { ...entry, body: { ...entry.body, head: "9".repeat(40) } } : entry,
    );
    expect(other.links.at(-1)).toMatchObject({ link: "commit", seq: null });
  });

  test("T142: a commit of the same tree under another id", () => {
    const amended = changed("change.committed", (entry) =>
      entry.kind === "change.committed" ? { ...entry, body: { ...entry.body, commit: "9".repeat(40) } } : entry,
    );
    expect(amended.links.at(-1)).toMatchObject({ link: "commit", seq: null });
  });

  test("T152: evidence that names another answer or another prompt", () => {
    for (const [field, link] of [
      ["responseSha256", "answer"],
      ["promptSha256", "prompt"],
    ] as const) {
      const other = changed("evidence.captured", (entry) =>
        entry.kind === "evidence.captured" ? { ...entry, body: { ...entry.body, [field]: "9".repeat(64) } } : entry,
      );
      expect(other).toMatchObject({ ok: false });
      expect(other.links.at(-1)).toMatchObject({ link, seq: null });
    }
  });

  test("an approval that no person gave", () => {
    const bot = changed("approval.granted", (entry) => ({
      ...entry,
      actor: { type: "app", id: 9, login: "sallyport[bot]" },
    }));
    expect(bot.links.at(-1)).toMatchObject({ link: "approval", seq: null });
  });

  test("a contract of another story with the same digest, or of the story with another digest", () => {
    for (const change of [{ story: 5 }, { digest: "9".repeat(64) }]) {
      const other = changed("contract.frozen", (entry) =>
        entry.kind === "contract.frozen" ? { ...entry, body: { ...entry.body, ...change } } : entry,
      );
      expect(other.links.at(-1)).toMatchObject({ link: "contract", seq: null });
    }
  });

  test("an approval of another digest, or of another story", () => {
    for (const change of [{ digest: "9".repeat(64) }, { story: 5 }]) {
      const other = changed("approval.granted", (entry) =>
        entry.kind === "approval.granted" ? { ...entry, body: { ...entry.body, ...change } } : entry,
      );
      expect(other.links.at(-1)).toMatchObject({ link: "approval", seq: null });
    }
  });
});
