import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { formatPublicKey, keyId, parsePublicKey } from "../../../core/ledger/public-key.ts";

// RFC 8032, section 7.1, test 1.
const raw = Buffer.from("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "hex");
const line = `ed25519:${raw.toString("base64")}`;

test("a published key is read, written and named", () => {
  const key = parsePublicKey(line);
  expect(key.export({ format: "jwk" })).toMatchObject({ crv: "Ed25519", x: raw.toString("base64url") });
  expect(formatPublicKey(key)).toBe(line);
  expect(keyId(key)).toBe("06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9");
});

test("PEM and the one-line form are the same key, white space around it aside", () => {
  const pem = parsePublicKey(line).export({ type: "spki", format: "pem" }).toString();
  for (const text of [pem, `\n${line}\n`]) expect(formatPublicKey(parsePublicKey(text))).toBe(line);
});

test("any 32 bytes come back as they were", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      const text = `ed25519:${Buffer.from(bytes).toString("base64")}`;
      expect(formatPublicKey(parsePublicKey(text))).toBe(text);
    }),
  );
});

describe("refused, in one line that says what to give", () => {
  const pair = generateKeyPairSync("ed25519");
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const cases: [string, string, RegExp][] = [
    ["nothing", "", /no public key/],
    ["words", "the key", /no public key/],
    ["31 bytes", `ed25519:${raw.subarray(1).toString("base64")}`, /no public key/],
    ["33 bytes", `ed25519:${Buffer.concat([raw, raw.subarray(0, 1)]).toString("base64")}`, /no public key/],
    ["base64url", line.replace("+", "-").replaceAll("/", "_").replace("=", ""), /no public key/],
    ["two keys", `${line}\n${line}`, /no public key/],
    ["a key for RSA", rsa.publicKey.export({ type: "spki", format: "pem" }).toString(), /for rsa/],
    ["a private key", pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(), /private key/],
    ["a private key for RSA", rsa.privateKey.export({ type: "pkcs1", format: "pem" }).toString(), /private key/],
  ];
  test.each(cases)("%s", (_, text, message) => {
    expect(() => parsePublicKey(text)).toThrow(message);
    expect(() => parsePublicKey(text)).toThrow(expect.objectContaining({ code: "bad-input" }));
    expect(() => parsePublicKey(text)).not.toThrow(/\n/);
  });

  test("with Node's own reason beside it", () => {
    expect(() => parsePublicKey("the key")).toThrow(
      expect.objectContaining({ cause: expect.objectContaining({ message: expect.stringMatching(/\S/) }) }),
    );
  });

  test("although Node would take the private key for its public half", () => {
    const pem = pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    expect(createPublicKey(pem).type).toBe("public");
  });
});
