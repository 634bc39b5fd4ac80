import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { createSecretSearch, redactSecrets, redactSecretsIn } from "../../../collect/secrets/redaction.ts";
import { findForms, formsOf, indexForms } from "../../../core/redaction/exact-values.ts";
import { redactionMark } from "../../../core/redaction/redaction.ts";

const ours = "our-own-value-0123456789";
const search = createSecretSearch((text) => findForms(text, indexForms(formsOf("ours", ours))));
const redacted = (text: string) => redactSecrets(text, search);

const parts = [1, 2, 3].map((seed) =>
  Array.from({ length: 160 }, (_, at) => "aZ3bY9cX0dW8eV"[(at * (seed + 2)) % 14]).join(""),
);
const oldToken = `ghs_${parts[0]?.slice(0, 36)}`;
const newToken = `ghs_4001_eyJ${parts.join(".")}`;
const pem = (type: "pkcs1" | "pkcs8") =>
  generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type, format: "pem" }).toString();

describe("T218 a token of another installation, which only a pattern can find, is cut whole", () => {
  const forms: [string, string, string][] = [
    ["40 characters", `token ${oldToken}, please`, `token ${redactionMark}, please`],
    ["some 500 characters", `token ${newToken}, please`, `token ${redactionMark}, please`],
    [
      "over two lines",
      `token ${newToken.slice(0, 300)}\n${newToken.slice(300)}, please`,
      `token ${redactionMark}, please`,
    ],
    ["in an address", `https://x-access-token:${oldToken}@github.com/a/b`, `${redactionMark}/a/b`],
  ];
  test.each(forms)("%s", async (_form, text, expected) => {
    expect((await redacted(text)).text).toBe(expected);
  });
});

describe("T217 a private key is cut from its first line to its last", () => {
  const key = pem("pkcs8");
  test.each([
    ["as it is", key],
    ["of the older form", pem("pkcs1")],
    ["in JSON", JSON.stringify(key).slice(1, -1)],
    [
      "quoted line by line",
      key
        .trimEnd()
        .split("\n")
        .map((line) => `"${line}\\n" +`)
        .join("\n"),
    ],
    ["two of them", key + pem("pkcs1")],
  ])("%s", async (_form, text) => {
    const { text: left, redactions } = await redacted(`see:\n${text}\nthat was it`);
    expect(left).not.toMatch(/[A-Za-z0-9+/]{30}/);
    expect(left).toContain("that was it");
    expect(redactions[0]).toEqual({ rule: "privatekey", line: 2 });
  });

  test("one that is cut short loses at least its first 800 characters", async () => {
    const { text } = await redacted(key.slice(0, 900));
    expect(text.length).toBeLessThan(150);
  });
});

test("cutting again changes nothing more", async () => {
  const texts = [
    ours,
    newToken,
    pem("pkcs8"),
    `https://bob:hunter2hunter2@example.com/ ${oldToken}`,
    `${oldToken}${ours}`,
  ];
  for (const text of [...texts, texts.join(" "), texts.join("\n")]) {
    const once = await redacted(text);
    expect(once.redactions.length).toBeGreaterThan(0);
    expect(await redacted(once.text)).toEqual({ text: once.text, redactions: [] });
  }
});

test("what holds no secret comes back as it was", async () => {
  const text = "A page, <p>hello</p>\r\n\tand a digest: ".concat("ab12".repeat(16), "\n\0");
  expect(await redacted(text)).toEqual({ text, redactions: [] });
});

test("a cut that never comes to an end leaves nothing of the text", async () => {
  const always = createSecretSearch((text) => [{ rule: "always", start: 0, end: Math.min(1, text.length) }]);
  expect((await redactSecrets("what it was", always)).text).toBe(redactionMark);
});

test("a text that cannot be searched is cut whole, and what broke is not told", async () => {
  const broken = createSecretSearch(
    () => [],
    async () => () => Promise.reject(new Error("a rule broke on: the text")),
  );
  expect(await redactSecrets("the text", broken)).toEqual({
    text: redactionMark,
    redactions: [{ rule: "not-searched", line: 1 }],
  });
});

test("a value is searched in its texts and its keys, at any depth, and nothing else of it changes", async () => {
  const value = { [`a ${ours}`]: 1, list: [null, true, { deep: `x\n${ours}` }], text: "plain" };
  expect(await redactSecretsIn(value, search)).toEqual({
    value: { [`a ${redactionMark}`]: 1, list: [null, true, { deep: `x\n${redactionMark}` }], text: "plain" },
    redactions: [
      { rule: "ours", line: 1, at: [] },
      { rule: "ours", line: 2, at: ["list", 2, "deep"] },
    ],
  });
});
