import { describe, expect, test } from "@jest/globals";
import { foreignAgent } from "../../../core/people/agents.ts";
import { claimsOf } from "../../../core/pull/claims.ts";

const lena = { id: 1, login: "lena", type: "User" as const };
const sha = "a".repeat(40);
const commit = (message: string) => ({ sha, parents: [], tree: sha, message });
const of = (body: string, message = "Mend it") => foreignAgent({ author: lena, body }, [commit(message)]);

describe("an agent of others is recognised", () => {
  test.each([
    [198982749, "Copilot", "GitHub Copilot"],
    [209825114, "claude[bot]", "Claude Code"],
    [199175422, "chatgpt-codex-connector[bot]", "Codex"],
    [206951365, "cursor[bot]", "Cursor"],
    [161369871, "google-labs-jules[bot]", "Jules"],
  ])("by its account %d (%s)", (id, login, name) => {
    expect(foreignAgent({ author: { id, login, type: "Bot" }, body: "" }, [])).toEqual({ name, by: "account" });
    expect(foreignAgent({ author: { ...lena, login }, body: "" }, [])).toBeNull();
  });

  test.each([
    ["GitHub Copilot", "Agent-Logs-Url: https://github.com/acme/web/sessions/5c1"],
    ["GitHub Copilot", "Co-authored-by: Copilot <198982749+Copilot@users.noreply.github.com>"],
    ["Claude Code", "Co-Authored-By: Claude Opus <noreply@anthropic.com>"],
    ["Claude Code", "🤖 Generated with [Claude Code](https://claude.com/claude-code)"],
    ["Claude Code", "Co-authored-by: claude[bot] <209825114+claude[bot]@users.noreply.github.com>"],
    ["Codex", "Co-authored-by: GPT-5.5 Codex <codex@openai.com>"],
    ["Codex", "------\nhttps://chatgpt.com/codex/tasks/task_e_68a1"],
    ["Cursor", "Co-authored-by: Cursor Agent <cursoragent@cursor.com>"],
    ["Cursor", `<div><a href="https://cursor.com/agents/bc-57c3?cursor_ref=pr_footer"><img></a></div>`],
    ["Jules", "*PR created automatically by Jules for task [140](https://jules.google.com/task/140) started by @lena*"],
    ["Jules", "Co-authored-by: Jules <161369871+google-labs-jules[bot]@users.noreply.github.com>"],
  ])("%s by its mark, as a claim: %j", (name, mark) => {
    expect(of(mark)).toEqual({ name, by: "text", at: "its description" });
    expect(of("", `Mend it\r\n\r\n${mark}`)).toEqual({ name, by: "text", at: `the commit ${sha}` });
    expect(claimsOf([], mark)).not.toEqual([]);
  });

  test.each([
    "Claude wrote to noreply@anthropic.com about the cursor of the codex.",
    "Co-authored-by: Claude Dupont <claude.dupont@example.fr>",
    "Co-authored-by: Otto <12+otto@users.noreply.github.com>",
    "See https://chatgpt.com/share/1 and [Cursor](https://cursor.com).",
  ])("nothing is one in %j", (text) => expect(of(text, text)).toBeNull());
});

test("a session's link is a claim, without its query, also in a line too long to be read", () => {
  const line = `<a href="https://cursor.com/agents/bc-57c3?key=1">${"x".repeat(900)}`;
  expect(claimsOf([], line)).toEqual([
    { source: "description", name: "session-link", value: "https://cursor.com/agents/bc-57c3" },
  ]);
});
