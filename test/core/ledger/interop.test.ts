import { createPrivateKey, type KeyObject, sign } from "node:crypto";
import { expect, test } from "@jest/globals";
import { type Bundle, bundleFromJSON, bundleToJSON, toDSSEBundle } from "@sigstore/bundle";
import { dsse } from "@sigstore/core";
import { toSignedEntity, Verifier } from "@sigstore/verify";
import { canonicalJson } from "../../../core/json.ts";
import { pae } from "../../../core/ledger/envelope.ts";
import { keyId } from "../../../core/ledger/public-key.ts";
import { verifyChain } from "../../../core/ledger/verify.ts";
import { payloadType } from "../../../schemas/ledger.ts";
import { chainOf, drafts, newKey } from "../../builders/ledger.ts";

// Another implementation of DSSE stands in for the stranger: what we sign it verifies, what it wraps we verify.
const key = newKey();
const other = newKey();
const lines = await chainOf(key.pem, drafts(3));

/** One of our lines as the bundle that Sigstore's tools exchange; the key comes from outside, by its hint. */
function bundleOf(line: string): Bundle {
  return bundleFromJSON({
    mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
    verificationMaterial: {
      publicKey: { hint: keyId(key.publicKey) },
      tlogEntries: [],
      timestampVerificationData: { rfc3161Timestamps: [] },
    },
    dsseEnvelope: JSON.parse(line),
  });
}

/** Verifies with Sigstore's own verifier and one trusted key; it throws when the signature is not good. */
function theirs(line: string, publicKey: KeyObject) {
  const trust = {
    certificateAuthorities: [],
    timestampAuthorities: [],
    tlogs: [],
    ctlogs: [],
    publicKey: () => ({ publicKey, validFor: () => true }),
  };
  const verifier = new Verifier(trust, { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 });
  return verifier.verify(toSignedEntity(bundleOf(line)));
}

test("DSSE's published vector, as both have it", () => {
  const [type, payload] = ["http://example.com/HelloWorld", Buffer.from("hello world")];
  const published = "DSSEv1 29 http://example.com/HelloWorld 11 hello world";
  expect(pae(type, payload).toString("latin1")).toBe(published);
  expect(dsse.preAuthEncoding(type, payload).toString("latin1")).toBe(published);
});

test("what is signed is the same bytes for any payload, longer in UTF-8 than in characters", () => {
  for (const [type, payload] of [
    ["", ""],
    ["application/x.\u00e9", "{\u{1F6AA}}"],
    [payloadType, "x".repeat(70_000)],
  ] as const)
    expect(pae(type, Buffer.from(payload))).toEqual(dsse.preAuthEncoding(type, Buffer.from(payload)));
});

test("our entries verify with Sigstore's verifier, and only under the key that signed them", () => {
  for (const line of lines) {
    expect(theirs(line, key.publicKey).key).toBe(key.publicKey);
    expect(() => theirs(line, other.publicKey)).toThrow(/signature verification failed/);
  }
});

test("T154: it refuses what we refuse: a signature that belongs to another entry", () => {
  const [one = "", two = ""] = lines;
  const moved = canonicalJson({ ...JSON.parse(one), signatures: JSON.parse(two).signatures });
  expect(() => theirs(moved, key.publicKey)).toThrow(/signature verification failed/);
  expect(verifyChain([moved], [{ key: key.publicKey }])).toMatchObject({
    ok: false,
    problems: [{ code: "bad-signature", position: 1 }],
  });
});

test("a statement that Sigstore's library encoded and wrapped verifies with us", () => {
  const artifact = Buffer.from(JSON.parse(lines[0] ?? "").payload, "base64");
  const wrapped = (pem: string) => {
    const signature = sign(null, dsse.preAuthEncoding(payloadType, artifact), createPrivateKey(pem));
    const keyHint = keyId(key.publicKey);
    const { dsseEnvelope } = bundleToJSON(toDSSEBundle({ artifact, artifactType: payloadType, signature, keyHint }));
    if (dsseEnvelope === undefined) throw new Error("the bundle has an envelope");
    const { payload, signatures } = dsseEnvelope;
    return canonicalJson({
      payload,
      payloadType,
      signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig })),
    });
  };
  expect(verifyChain([wrapped(key.pem)], [{ key: key.publicKey }])).toMatchObject({ ok: true, entries: 1 });
  expect(wrapped(key.pem)).toBe(lines[0]);
  expect(verifyChain([wrapped(other.pem)], [{ key: key.publicKey }])).toMatchObject({
    ok: false,
    problems: [{ code: "bad-signature" }],
  });
});
