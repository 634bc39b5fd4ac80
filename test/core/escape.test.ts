import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { block, code, jsonText, plain, readable, sentence, visible } from "../../core/escape.ts";

/** The same corpus goes through every outlet (T186). */
const corpus: [string, string][] = [
  ["T189 a mention of a team", "@org/all please look"],
  ["T189 a closing keyword", "Fixes #1, closes owner/repo#2, resolves GH-3"],
  ["T189 a closing keyword by address", "Fixes https://github.com/o/r/issues/1"],
  ["T189 a command of another bot", "/approve"],
  ["T189 a command on a later line", "text\n/approve\nbors r+"],
  ["T189 a remote image", "![x](https://evil.example/x.png)"],
  ["T189 a link", "[click](javascript:alert(1)) and www.evil.example"],
  ["T189 T212 an image in HTML", "<img src=x onerror=alert(1)>"],
  ["T199 markup", "<details open><summary>x</summary></details><script>1</script>"],
  ["T127 markup made of entities", "&#60;!-- do X --&#62; &lt;img&gt; &amp;lt;b&amp;gt;"],
  ["T127 a comment", "<!-- hidden -->"],
  ["a fence", "```\n# head\n```"],
  ["a code span that ends early", "`a` <b>"],
  ["a table cell", "a | b |\n|---|---|"],
  ["a heading, a quotation, a list, a rule", "# a\n> b\n- c\n---\n1. d"],
  ["a workflow command", "::error::x\n##[error]x"],
  ["mathematics", "$\\href{x}{y}$"],
  ["backslashes before marks", "\\`x\\` \\[a\\](b) \\@x"],
];

const hiddenCorpus: [string, string][] = [
  ["a bidi override", "\u202E"],
  ["a zero-width space", "\u200B"],
  ["a word joiner", "\u2060"],
  ["a soft hyphen", "\u00AD"],
  ["a tag character", "\u{E0041}"],
  ["a variation selector", "\uFE01"],
  ["a Hangul filler", "\u3164"],
  ["an escape for terminals", "\u001b"],
  ["a byte order mark", "\uFEFF"],
  ["a line separator", "\u2028"],
  ["a lone surrogate", "\uD800"],
];

const outlets = { plain, sentence, code };

describe.each(Object.entries(outlets))("%s", (_, outlet) => {
  test.each(corpus)("T186: %s comes out dead", (_name, text) => {
    const shown = outlet(text);
    const outsideCode = shown.replace(/(?<!\\)`[^`]*`/g, "");
    expect(shown).not.toContain("\n");
    expect(outsideCode).not.toMatch(/<(?!br>|\/?code>)/);
    expect(outsideCode).not.toMatch(/@(?!&#8203;)/);
    expect(outsideCode).not.toMatch(/(?<!&)#(?=\w)(?!&#8203;)/);
    expect(outsideCode).not.toMatch(/:\/\/|www\./);
    expect(outsideCode).not.toMatch(/(?<!\\)[[\]|`]/);
    expect(outsideCode).not.toMatch(/(?:^|<br>)\s*\//);
    expect(outsideCode).not.toMatch(/GH-[0-9]|r\+/);
  });

  test.each(hiddenCorpus)("T126: %s is shown by its code point", (_name, character) => {
    const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    const shown = outlet(`a${character}b`);
    expect(shown).not.toContain(character);
    expect(shown).toContain(`U+${hex}`.replace("+", outlet !== code ? "\\+" : "+"));
  });
});

test.each([
  ["a plain sentence, with marks: fine.", "a plain sentence, with marks: fine."],
  ["two\nlines", "two<br>lines"],
  ["two\n\n\n\nparts", "two<br><br>parts"],
  ["  spaces  ", "spaces"],
  ["❤\uFE0F", "❤"],
  ["naïve 文档", "naïve 文档"],
  ["", ""],
])("plain(%j) is %j", (text, shown) => {
  expect(plain(text)).toBe(shown);
});

test.each([
  ["Inside the role `web`: `src/**`, `a_b.ts`.", "Inside the role `web`: `src/**`, `a_b.ts`."],
  ["`a|b` and `<i>`", "\\`a\\|b\\` and \\`&lt;i&gt;\\`"],
  ["`@lena`, `#1`", "\\`@&#8203;lena\\`, \\`#&#8203;1\\`"],
  ["one ` alone", "one \\` alone"],
  ["``two``", "\\`\\`two\\`\\`"],
  ["\\`a`", "\\\\`a`"],
])("sentence(%j) is %j", (text, shown) => {
  expect(sentence(text)).toBe(shown);
});

test.each([
  ["src/a.ts", "`src/a.ts`"],
  ["app/[id]/page.tsx", "`app/[id]/page.tsx`"],
  ["a`b", "<code>a&#96;b</code>"],
  ["a|b", "<code>a&#124;b</code>"],
  ["a<b>", "<code>a&lt;b&gt;</code>"],
  ["a\nb", "`a[U+000A]b`"],
  ["", "<code></code>"],
])("code(%j) is %j", (text, shown) => {
  expect(code(text)).toBe(shown);
});

test("lines without end are escaped in one go", () => {
  expect(plain(`a${"\n".repeat(200_000)}/b`)).toBe("a<br><br>&#8203;/b");
});

test("a block's content cannot end it", () => {
  expect(block("a\n````\nb")).toBe("`````text\na\n````\nb\n`````");
  expect(block("/sign-off x")).toBe("```text\n/sign-off x\n```");
});

test("whatever the text: one line, no markup, nothing hidden, and never a live mention", () => {
  const nasty = fc.array(
    fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("@", "#1", "<", "&", "\n", "/", "`", "|", "\\", "[", "](", "://"),
    ),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(nasty, (parts) => {
      const text = parts.join("");
      const shown = plain(text);
      expect(shown.replaceAll("<br>", "")).not.toMatch(/[<>\n]/);
      expect(shown).not.toMatch(/@(?!&#8203;)|:\/\//);
      expect(visible(shown)).toBe(shown);
      const dead = (one: string) => one.replace(/(?<!\\)(?:\\\\)*`[^`]*`/g, "");
      expect(dead(sentence(text)).replaceAll("<br>", "")).not.toMatch(/[<>\n]|@(?!&#8203;)|:\/\//);
      expect(code(text)).not.toContain("\n");
    }),
    { numRuns: 1_000 },
  );
});

test("T198: JSON for people's eyes holds nothing that a terminal obeys or hides, and says the same", () => {
  const texts = fc.string({ unit: "binary" }).map((text) => text.toWellFormed());
  fc.assert(
    fc.property(fc.dictionary(texts, fc.array(texts)), fc.constantFrom(0, 2), (value, indent) => {
      const text = jsonText(value, indent);
      expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
  expect(jsonText({ a: "\u009b31m\u202e\u{e0041}\n" }, 0)).toBe('{"a":"\\u009b31m\\u202e\\udb40\\udc41\\n"}');
});

test("what a reader of GitHub sees of escaped text is the text itself", () => {
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(...corpus.map(([, one]) => one)));
  fc.assert(
    fc.property(text, text, (one, other) => {
      const seen = visible(one)
        .trim()
        .replace(/\n{3,}/g, "\n\n");
      expect(readable(plain(one))).toBe(seen);
      expect(readable(`${plain(one)} ${code(other)}`)).toBe(`${seen} ${visible(other).replaceAll("\n", "[U+000A]")}`);
    }),
  );
});
