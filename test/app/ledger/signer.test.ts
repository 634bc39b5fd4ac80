import { generateKeyPairSync, verify } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { createSigner } from "../../../app/ledger/signer.ts";
import { keyId, parsePublicKey } from "../../../core/ledger/public-key.ts";

test("signs with the key that it names", async () => {
  const { privateKey } = generateKeyPairSync("ed25519");
  const signer = createSigner(privateKey.export({ type: "pkcs8", format: "pem" }).toString());
  const publicKey = parsePublicKey(signer.publicKey);
  const { keyid, sig } = await signer.sign(Buffer.from("some bytes"));
  expect([keyid, signer.keyid]).toEqual([keyId(publicKey), keyId(publicKey)]);
  expect(verify(null, Buffer.from("some bytes"), publicKey, Buffer.from(sig, "base64"))).toBe(true);
  expect(verify(null, Buffer.from("other bytes"), publicKey, Buffer.from(sig, "base64"))).toBe(false);
});

describe("refused, in one line that does not repeat the key", () => {
  const pem = { type: "pkcs8", format: "pem" } as const;
  const ed = generateKeyPairSync("ed25519");
  const locked = { ...pem, cipher: "aes-256-cbc", passphrase: "secret" };
  const cases: [string, string, RegExp][] = [
    ["nothing", "", /keygen/],
    ["words", "my key", /keygen/],
    ["a public key", ed.publicKey.export({ type: "spki", format: "pem" }).toString(), /keygen/],
    ["a key behind a passphrase", ed.privateKey.export(locked).toString(), /keygen/],
    ["X25519", generateKeyPairSync("x25519").privateKey.export(pem).toString(), /for x25519/],
    ["RSA", generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export(pem).toString(), /for rsa/],
  ];
  test.each(cases)("%s", (_, text, message) => {
    let error: unknown;
    try {
      createSigner(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: "bad-input", message: expect.stringMatching(message) });
    for (const line of text.split("\n").filter(Boolean)) expect(String(error)).not.toContain(line);
  });
});
