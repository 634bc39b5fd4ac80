import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { CommitFact } from "../../../core/facts.ts";
import { claimsOf } from "../../../core/pull/claims.ts";
import { Claim } from "../../../schemas/entry-parts.ts";
import { maxClaims } from "../../../schemas/limits.ts";

const commit = (sha: string, message: string): CommitFact => ({
  sha: sha.repeat(40),
  parents: [],
  tree: "a".repeat(40),
  message,
});

const inBody = (text: string) => claimsOf([], text).map(({ name, value }) => [name, value]);

describe("claims", () => {
  test.each<[string, string, [string, string][]]>([
    [
      "a trailer of git",
      "Mend it\n\nCo-authored-by: Copilot <copilot@github.com>",
      [["co-authored-by", "Copilot <copilot@github.com>"]],
    ],
    ["a model", "Model: gpt-5", [["model", "gpt-5"]]],
    [
      "an item of a list, in bold",
      "- **AI model:** claude-opus\n* Session-Id: 7f3a",
      [
        ["ai-model", "claude-opus"],
        ["session-id", "7f3a"],
      ],
    ],
    [
      "the line that a tool puts below",
      "🤖 Generated with [Claude Code](https://claude.com/claude-code)",
      [["generated-with", "[Claude Code](https://claude.com/claude-code)"]],
    ],
    ["a forged trailer of ours", "Sallyport-Run: run-12-1", [["sallyport-run", "run-12-1"]]],
    [
      "a tab and CRLF",
      "Assisted-by:\tCodex\r\nTool: x\r\n",
      [
        ["assisted-by", "Codex"],
        ["tool", "x"],
      ],
    ],
    ["no other trailer", "Signed-off-by: Ada <ada@example.com>\nFixes: #3\nNote: a model", []],
    ["nothing without a value", "Model:\nModel: \nGenerated with\n", []],
    ["no value that is too long to be one", `Model: ${"x".repeat(301)}`, []],
    ["T126: a hidden character, made visible", "Model: a\u202eb\u0007", [["model", "a[U+202E]b[U+0007]"]]],
  ])("tell %s", (_, text, expected) => {
    expect(inBody(text)).toEqual(expected);
  });

  test("name where they stand: the description first, commits in the order of their ids, each claim once", () => {
    const commits = [commit("2", "b\n\nModel: two"), commit("1", "a\n\nModel: one\nTool: t")];
    expect(claimsOf(commits, "Tool: t")).toEqual([
      { source: "description", name: "tool", value: "t" },
      { source: `commit ${"1".repeat(40)}`, name: "model", value: "one" },
      { source: `commit ${"2".repeat(40)}`, name: "model", value: "two" },
    ]);
  });

  test("of one text do not crowd out those of another", () => {
    const flood = Array.from({ length: 500 }, (_, at) => `Model: m${at}`).join("\n");
    const claims = claimsOf([commit("1", "a\n\nModel: honest")], flood);
    expect(claims).toHaveLength(11);
    expect(claims.at(-1)?.value).toBe("honest");
  });

  test("are few, short and fit to be shown, whatever is written", () => {
    const piece = fc.oneof(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.constantFrom("\n", "\r", ": ", "Model: ", "Co-authored-by: ", "Generated with ", "- **Tool:** "),
    );
    const text = fc.array(piece, { maxLength: 60 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.array(text, { maxLength: 12 }), text, (messages, body) => {
        const claims = claimsOf(
          messages.map((message, at) => commit(at.toString(16), message)),
          body,
        );
        expect(claims.length).toBeLessThanOrEqual(maxClaims);
        for (const claim of claims) {
          expect(Claim.safeParse(claim).success).toBe(true);
          expect(claim.value).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
          expect(claim.value.length).toBeLessThanOrEqual(300);
          expect(claim.name).toMatch(/^[a-z][a-z-]*$/);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("are not found in long lines that almost are some", () => {
    const hostile = `${"*".repeat(399)}\n`.repeat(200) + `${"a ".repeat(199)}\n`.repeat(200);
    const commits = Array.from({ length: 100 }, (_, at) => commit((at % 10).toString(), hostile));
    expect(claimsOf(commits, hostile)).toEqual([]);
  });
});
