import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { readTrace, type TracePart, traceParts } from "../../../core/analysis/remediation-trace.ts";

const answers: Record<TracePart, string> = {
  "failure signature": "TypeError: total is undefined",
  origin: "gate: tests, pull request #12",
  "repro command": "npm test -- totals",
  "verification commands run": "npm test",
  "final status": "fixed",
};
const headings = (over: Partial<Record<TracePart, string>> = {}) =>
  traceParts.map((part) => `## ${part}\n\n${{ ...answers, ...over }[part]}\n`).join("\n");
const whole = { missing: [], status: "fixed" };
const markdown = (text: string) => readTrace("remediation/1.md", text);

describe("a whole trace", () => {
  test.each([
    ["headings", headings()],
    ["headings with line ends of Windows", headings().replaceAll("\n", "\r\n")],
    ["closed headings of another depth", headings().replace(/^## (.+)$/gm, "#### $1 ####")],
    ["numbered headings", headings().replace(/^## /gm, "## 3. ")],
    ["`key:` lines", traceParts.map((part) => `${part}: ${answers[part]}`).join("\n")],
    ["a list of bold keys", traceParts.map((part) => `- **${part}:** ${answers[part]}`).join("\n")],
    ["keys whose answers stand below", traceParts.map((part) => `${part}:\n  - ${answers[part]}`).join("\n")],
    [
      "the names that scripts use",
      "failure_signature: a\norigin_task_id: b\nrepro_command: c\nverification_commands_run: d\nfinal_status: fixed",
    ],
    [
      "other spellings",
      "Failure signature: a\nOrigin (task or gate): b\nReproduction command: c\nVerification commands: d\nFinal status: Fixed.",
    ],
    ["commands in a fence with comments", headings({ "repro command": "```sh\n# Start\nnpm test\n```" })],
    ["smaller headings inside a part", headings({ "failure signature": "### Log\n\nTypeError" })],
    ["a key of another name inside a part", headings({ origin: "task: #12" })],
    ["text after the status", headings({ "final status": "**fixed**\n\nWatched for a day." })],
  ])("is read from %s", (_, text) => {
    expect(markdown(text)).toEqual(whole);
  });

  test("is read from JSON, with lists and objects of texts", () => {
    const text = JSON.stringify({
      failure_signature: { type: "TypeError", at: ["totals.ts", 12] },
      origin_gate_id: 12,
      reproCommand: "npm test",
      reproCommandOf: "another key",
      verification_commands_run: ["npm test", "npm run lint"],
      final_status: "mitigated",
    });
    expect(readTrace("remediation/1.JSON", text)).toEqual({ missing: [], status: "mitigated" });
  });
});

describe("a part is missing", () => {
  test.each(traceParts)("without %s", (part) => {
    const text = traceParts.filter((one) => one !== part).map((one) => `## ${one}\n${answers[one]}`);
    expect(markdown(text.join("\n"))?.missing).toEqual([part]);
  });

  test.each([
    ["nothing stands under it", headings({ origin: "" })],
    ["only marks stand under it", headings({ origin: "- \n> ---\n" })],
    ["only invisible characters stand under it", headings({ origin: "\u200B\u2063" })],
    ["only a comment stands under it", headings({ origin: "<!-- which task or gate? -->" })],
    ["a comment that is not closed hides it", headings({ "failure signature": "a <!-- b" })],
    ["it stands in a fence", `\`\`\`\n${headings()}\`\`\`\n`],
    ["it stands in a fence as a key", headings().replace("## origin", "```\norigin: #12\n```")],
    ["it stands in a fence that holds another", headings().replace("## origin", "````\n```\norigin: #12\n````")],
    ["its answer stands under the next heading", headings({ origin: "## Notes\n#12" })],
    ["the answer stands under a higher heading", headings({ origin: "# Notes\n#12" })],
    ["it is named in a sentence", headings().replace("## origin", "The origin is told elsewhere.")],
  ])("when %s", (_, text) => {
    expect(markdown(text)?.missing).toContain("origin");
  });

  test.each([
    ["empty text", ""],
    ["null", null],
    ["a truth value", true],
    ["an empty list", []],
    ["texts too deep", [[["x"]]]],
  ])("in JSON, with %s", (_, origin) => {
    const text = JSON.stringify({ ...answers, origin });
    expect(readTrace("a.json", text)?.missing).toEqual(["origin"]);
  });
});

test.each([
  ["fixed", "fixed"],
  ["`Mitigated`", "mitigated"],
  ["- open", "open"],
  ["open, then fixed", null],
  ["not fixed", null],
  ["fi\u200Bxed", null],
  ["done", null],
  ["fixed\n\n## Final status\nopen", "open"],
  ["open\n\n## Final status\nfixed", "open"],
  ["mitigated\n\n## Final status\nfixed", "fixed"],
  ["perhaps\n\n## Final status\nfixed", null],
])("the status %j is read as %s", (text, status) => {
  expect(markdown(headings({ "final status": text }))?.status).toBe(status);
});

test.each(["", "[1]", "null", '"fixed"', "{", headings()])("%j is no JSON trace", (text) => {
  expect(readTrace("trace.json", text)).toBeNull();
});

test("whatever stands after an open trace, its status is never read as another", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (more) => {
      fc.pre(!more.includes("<!--"));
      const text = `${headings({ "final status": "open" })}\n# Notes\n${more}`;
      expect(markdown(text)?.status).toBe("open");
    }),
  );
});

test("no text makes the reader break", () => {
  const piece = fc.constantFrom(..."#:`~-<>! \n\t", "<!--", "-->", "```", "## Origin", "final status: open", "{");
  fc.assert(
    fc.property(
      fc.array(piece).map((pieces) => pieces.join("")),
      fc.constantFrom("a.md", "a.json"),
      (text, path) => {
        const trace = readTrace(path, text);
        if (trace !== null) expect(traceParts).toEqual(expect.arrayContaining(trace.missing));
      },
    ),
  );
});
