import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { maxTextLength, sanitize, title, truncated } from "../../../app/perform/text.ts";

const apart = "\u200b";

describe("T189 text of a model has no effects on GitHub", () => {
  test.each([
    ["a mention", "ask @acme/all now", `ask @${apart}acme/all now`],
    ["a mention in other letters", "@ünal", `@${apart}ünal`],
    ["a closing keyword", "Closes #1", `C${apart}loses #1`],
    ["a closing keyword with a colon", "fixed: acme/web#12", `f${apart}ixed: acme/web#12`],
    [
      "a closing keyword and an address",
      "resolve https://github.com/a/b/issues/1",
      `r${apart}esolve https://github.com/a/b/issues/1`,
    ],
    ["a command of another bot", "  /approve", `  ${apart}/approve`],
    ["a command in a quotation or list", "> - /lgtm", `> - ${apart}/lgtm`],
    ["a command of bors", "text\nbors r+", `text\n${apart}bors r+`],
    ["a remote image", "![x](https://evil.example/?q)", `!${apart}[x](https://evil.example/?q)`],
    ["an HTML image", '<IMG src="https://evil.example">', `<${apart}IMG src="https://evil.example">`],
    ["a mark of ours", "<!-- sallyport:sticky -->", `<${apart}!-- sallyport:sticky -->`],
    ["a hidden character", "a\u202eb", "a[U+202E]b"],
    ["a hidden character inside a keyword", "Clo\u200bses #1", "Clo[U+200B]ses #1"],
  ])("%s", (_what, text, expected) => {
    expect(sanitize(text)).toBe(expected);
  });

  test.each([
    "An ordinary sentence, a < b and c > d.",
    "src/a.ts and `x/y`",
    "closed for now; prefix #1",
    "see #1 and a/b#2",
    "- a line<br>and another, as escaped texts have them",
  ])("an ordinary text stays: %s", (text) => {
    expect(sanitize(text)).toBe(text);
  });

  test("for any text, no mark or mention is left", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("@", "a", "<", "!", "--", "/", "\n", " ", "#1", "fix", "\u200b", "\u200d")),
        (parts) => {
          expect(sanitize(parts.join(""))).not.toMatch(/@\w|<!|^\s*\/[a-z]|\bfix\s*#/m);
        },
      ),
    );
  });

  test.each([
    ["empty lines", `a${"\n".repeat(200_000)}b`],
    ["blanks after a keyword", `closes${" ".repeat(200_000)}b`],
    ["keywords that could be names", `${"close.".repeat(50_000)}b`],
  ])("many %s stay as they are, and are not tried in every way", (_what, text) => {
    expect(sanitize(text)).toBe(text);
  });

  test("a title is one line of at most 250 characters", () => {
    expect(title(" Closes #1\n\n@acme/all ")).toBe(`C${apart}loses #1 @${apart}acme/all`);
    expect([...title("é".repeat(400))]).toHaveLength(250);
  });
});

describe("T282 a text that is too long", () => {
  test("is left alone while it fits, its end included", () => {
    const text = "x".repeat(maxTextLength - 3);
    expect(truncated(text, "end")).toBe(`${text}end`);
  });

  test("is cut with a pointer and keeps its end", () => {
    const cut = truncated("x".repeat(maxTextLength), "\n\n<!-- mark -->");
    expect(cut.length).toBeLessThanOrEqual(maxTextLength);
    expect(cut).toMatch(/x\n\n… The rest is too long for GitHub.*\n\n<!-- mark -->$/);
  });

  test("is not cut in the middle of a character", () => {
    for (const shift of ["", "x"]) {
      expect(truncated(shift + "😀".repeat(maxTextLength), "").isWellFormed()).toBe(true);
    }
  });
});
