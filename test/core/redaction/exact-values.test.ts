import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { findForms, formsOf, indexForms } from "../../../core/redaction/exact-values.ts";
import { mergeRanges, redactionMark, redactRanges } from "../../../core/redaction/redaction.ts";

const letters = (length: number, seed: number) =>
  Array.from({ length }, (_, place) => ((place * 7_919 + seed) % 1_000_003).toString(36))
    .join("")
    .slice(0, length);

/** As GitHub makes them since 2026-04: 520 characters, the App's id and a JWT. */
const token = `ghs_4001_eyJ${letters(200, 5)}.${letters(213, 11)}.${letters(93, 17)}`;
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const secret = "wh-secret/0123+456789 abcdef=";
const values = { token, pem, secret };
const index = indexForms([...formsOf("token", token), ...formsOf("key", pem), ...formsOf("webhook-secret", secret)]);
const redacted = (text: string) => redactRanges(text, findForms(text, index));
const wrapped = (text: string, width: number, by: string) =>
  text.match(new RegExp(`[^]{1,${width}}`, "g"))?.join(by) ?? "";
const base64 = (text: string) => Buffer.from(text).toString("base64");

test("the token of these tests is as long as GitHub's", () => expect(token).toHaveLength(520));

describe("T218 nothing of a value survives", () => {
  const forms: [string, (value: string) => string][] = [
    ["as it is", (value) => value],
    ["over two lines", (value) => `${value.slice(0, 17)}\n${value.slice(17)}`],
    ["over lines of five", (value) => wrapped(value, 5, "\n")],
    ["over lines with carriage returns", (value) => wrapped(value, 20, "\r\n")],
    ["in a quoted mail", (value) => wrapped(value, 30, "\n> ")],
    ["in strings that are joined", (value) => `"${wrapped(value, 25, '" +\n  "')}"`],
    ["in a comment", (value) => `/*\n * ${wrapped(value, 40, "\n * ")}\n */`],
    ["in JSON", (value) => JSON.stringify({ value })],
    ["in JSON in JSON", (value) => JSON.stringify(JSON.stringify({ value: wrapped(value, 33, "\n") }))],
    [
      "by the numbers of its characters",
      (value) => [...value].map((one) => `\\u00${one.charCodeAt(0).toString(16).padStart(2, "0")}`).join(""),
    ],
    ["in an address", (value) => encodeURIComponent(value)],
    ["in an address in an address", (value) => encodeURIComponent(encodeURIComponent(value))],
  ];
  describe.each(Object.entries(values))("%s", (_name, value) => {
    test.each(forms)("%s", (_form, write) => {
      const { text, redactions } = redacted(`before ${write(value)} after`);
      expect(text).toMatch(/^before .*\[secret cut\].* after$/s);
      // What is left is the mark, and the name and escapes of the JSON around it.
      const left = text.replaceAll(redactionMark, "").replace(/^before | after$|value|\\u00../g, "");
      expect(left.replace(/[^A-Za-z0-9]/g, "").length).toBeLessThan(5);
      expect(redactions.length).toBeGreaterThan(0);
    });

    test.each([0, 1, 2, 3, 4, 5])("in base64, %d characters after its begin", (before) => {
      for (const written of [
        base64(`${"x".repeat(before)}${value}yy`),
        Buffer.from("x".repeat(before) + value).toString("base64url"),
        wrapped(base64("x".repeat(before) + value), 76, "\n"),
      ]) {
        const { text } = redacted(`auth: ${written} end`);
        // At each end the characters that the neighbours change are left: of the value no more than two bytes.
        expect(text).toMatch(/^auth: [A-Za-z0-9+/=_-]{0,10}\[secret cut\][A-Za-z0-9+/=_\n-]{0,8} end$/);
      }
    });
  });

  test("T217 each line of a key by itself", () => {
    const lines = pem.split("\n").filter((line) => line.length > 40 && !line.startsWith("-"));
    expect(lines.length).toBeGreaterThan(20);
    for (const line of lines) {
      expect(redacted(`a line: ${line}.`).text).toMatch(/^a line: [+/]*\[secret cut\][+/]*\.$/);
      expect(redacted(`a line: ${base64(line)}`).redactions).toHaveLength(1);
    }
  });
});

test("wherever it stands in whatever text, the value is cut and what is around it is left", () => {
  const around = fc.string({ unit: "grapheme" }).filter((text) => !/[A-Za-z0-9\\%]/.test(text));
  const separator = fc.constantFrom("\n", " ", '" + "', "\\\n", "\r\n# ", "’");
  fc.assert(
    fc.property(around, around, separator, fc.integer({ min: 1, max: 519 }), (before, after, between, at) => {
      const split = token.slice(0, at) + between + token.slice(at);
      expect(redacted(before + split + after).text).toBe(before + redactionMark + after);
    }),
  );
});

describe("what is no value of ours is left alone", () => {
  test.each([
    ["prose", "The token is kept in a file that only the service reads."],
    ["half of a token", token.slice(0, 260)],
    ["the begin of every key", "-----BEGIN PRIVATE KEY-----"],
    ["another token", token.replaceAll("a", "b")],
    ["escapes", "C:\\new\\table\\u0041 100%20"],
  ])("%s", (_what, text) => expect(redacted(text)).toEqual({ text, redactions: [] }));

  test("a value of fewer than 12 letters has no form", () => {
    expect(formsOf("x", "")).toEqual([]);
    expect(formsOf("x", "hunter2")).toEqual([]);
  });
});

test("T038: half a megabyte of backslashes is searched in linear time", () => {
  const index = indexForms(formsOf("ours", "our-own-value-0123456789"));
  expect(findForms(`${"\\".repeat(500_000)}z`, index)).toEqual([]);
  expect(findForms(`${"\\".repeat(9)}u006fur-own-value-0123456789`, index)).toHaveLength(1);
});

test("cutting again changes nothing more", () => {
  const once = redacted(`${token}\n${JSON.stringify(pem)}\n${base64(secret)}`);
  expect(redacted(once.text)).toEqual({ text: once.text, redactions: [] });
});

describe("ranges", () => {
  test("that overlap or touch are one", () => {
    const range = (rule: string, start: number, end: number) => ({ rule, start, end });
    expect(mergeRanges([range("b", 5, 9), range("a", 0, 6), range("c", 9, 10), range("d", 12, 13)])).toEqual([
      range("b", 0, 10),
      range("d", 12, 13),
    ]);
    expect(mergeRanges([range("b", 5, 9), range("c", 9, 10), range("a", 0, 6)])).toEqual([range("b", 0, 10)]);
  });

  test("are told by their lines in the text as it was", () => {
    const ranges = [
      { rule: "a", start: 2, end: 5 },
      { rule: "b", start: 6, end: 7 },
    ];
    expect(redactRanges("1\n2\n3\n4", ranges)).toEqual({
      text: `1\n${redactionMark}\n${redactionMark}`,
      redactions: [
        { rule: "a", line: 2 },
        { rule: "b", line: 4 },
      ],
    });
  });
});
