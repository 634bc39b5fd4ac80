import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { entryHash, pae, readEntry } from "../../core/ledger.ts";
import { verifyChain } from "../../core/ledger-verify.ts";
import { chainOf, draft, drafts, newKey } from "../ledger.ts";

const key = newKey();
const other = newKey();
let lines: string[];
beforeAll(async () => {
  lines = await chainOf(key.pem, drafts(40));
});
const verify = (chain: string[], options = {}) => verifyChain(chain, [{ key: key.publicKey }], options);
const codes = (chain: string[], options = {}) =>
  verify(chain, options).problems.map((problem) => problem.code);

test("DSSE's published vector", () => {
  const bytes = pae("http://example.com/HelloWorld", Buffer.from("hello world"));
  expect(bytes.toString()).toBe("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
});

test("a chain verifies, and its hashes are plain SHA-256 of its lines", () => {
  const report = verify(lines);
  expect(report).toMatchObject({
    ok: true,
    entries: 40,
    problems: [],
    head: { seq: 40 },
    kinds: { "incident.raised": 40 },
  });
  expect(report.head?.hash).toBe(
    createHash("sha256")
      .update(lines.at(-1) ?? "")
      .digest("hex"),
  );
  expect(entryHash("a")).toBe(createHash("sha256").update("a").digest("hex"));
});

describe("refused", () => {
  test("T149: nothing to verify is not ok", () => {
    expect(verify([])).toMatchObject({ ok: false, problems: [{ code: "empty" }] });
  });

  test("a chain signed by a key that was not given", () => {
    const report = verifyChain(lines, [{ key: other.publicKey }]);
    expect(report.ok).toBe(false);
    expect(report.problems[0]).toMatchObject({ code: "unknown-key", position: 1 });
  });

  test("T156: an entry of a kind that its key may not sign", () => {
    const report = verifyChain(lines, [{ key: key.publicKey, kinds: ["command"] }]);
    expect(report.problems[0]).toMatchObject({ code: "kind-not-allowed", position: 1 });
  });

  test("T143: a tail that was cut, when a head is known from elsewhere", () => {
    const head = verify(lines).head ?? { seq: 0, hash: "" };
    expect(verify(lines, { anchor: head }).ok).toBe(true);
    expect(codes(lines.slice(0, 35), { anchor: head })).toEqual(["cut-tail"]);
  });

  test("T146: a tail of the same length that was written anew", async () => {
    const head = verify(lines).head ?? { seq: 0, hash: "" };
    const anew = await chainOf(key.pem, drafts(40, { at: "2026-11-21T10:00:01.000Z" }));
    expect(codes(anew, { anchor: head })).toEqual(["cut-tail"]);
  });

  test("T147: entries of another repository's chain", async () => {
    const foreign = await chainOf(key.pem, drafts(40, { repository: { id: 8, name: "acme/other" } }));
    expect(verify(foreign, { expectRepositoryId: 7 }).problems[0]).toMatchObject({
      code: "wrong-repository",
      position: 1,
    });
    const spliced = [...lines.slice(0, 10), ...foreign.slice(10, 12), ...lines.slice(12)];
    expect(verify(spliced).problems[0]?.position).toBe(11);
  });

  test("T158: a second spelling of the same JSON", () => {
    const line = lines[0] ?? "";
    for (const twin of [
      ` ${line}`,
      line.replace('{"payload"', '{"payload":"","payload"'),
      line.replace(":", ": "),
    ]) {
      expect(codes([twin])).toEqual(["not-canonical"]);
    }
  });

  test("T159: base64 that decodes to the same bytes in another form", () => {
    const envelope = JSON.parse(lines[0] ?? "");
    envelope.signatures[0].sig = envelope.signatures[0].sig.replace(/=+$/, "");
    expect(codes([JSON.stringify(envelope)])).toEqual(["not-canonical"]);
  });

  test("T153: a signed payload that is no statement", async () => {
    const { createSigner } = await import("../../app/signer.ts");
    const payload = Buffer.from('{"hello":"world"}');
    const signature = await createSigner(key.pem).sign(pae("application/vnd.in-toto+json", payload));
    const line = JSON.stringify({
      payload: payload.toString("base64"),
      payloadType: "application/vnd.in-toto+json",
      signatures: [signature],
    });
    expect(codes([line])).toEqual(["bad-statement"]);
  });

  test("a line that is too long, before anything is decoded", () => {
    expect(codes(["x".repeat(1024 * 1024 + 1)])).toEqual(["too-long"]);
  });
});

describe("found with its position, whatever is done to a chain", () => {
  test("T147: a byte changed, dropped or added in any entry", () => {
    fc.assert(
      fc.property(
        fc.nat(9),
        fc.nat(),
        fc.integer({ min: 33, max: 126 }),
        fc.constantFrom("change", "drop", "add"),
        (place, where, code, how) => {
          const line = lines[place] ?? "";
          const at = where % line.length;
          const sign = String.fromCharCode(code);
          if (how === "change" && line[at] === sign) return;
          const changed = `${line.slice(0, at)}${how === "drop" ? "" : sign}${line.slice(how === "add" ? at : at + 1)}`;
          const report = verify(lines.slice(0, 10).with(place, changed));
          expect(report.ok).toBe(false);
          expect(report.problems[0]?.position).toBe(place + 1);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("T147: entries dropped, doubled or swapped", () => {
    fc.assert(
      fc.property(fc.nat(38), fc.constantFrom("drop", "double", "swap"), (place, how) => {
        const changed =
          how === "drop"
            ? lines.toSpliced(place, 1)
            : how === "double"
              ? lines.toSpliced(place, 0, lines[place] ?? "")
              : lines.with(place, lines[place + 1] ?? "").with(place + 1, lines[place] ?? "");
        const report = verify(changed);
        expect(report.ok).toBe(false);
        expect(report.problems[0]?.position).toBe(how === "double" ? place + 2 : place + 1);
      }),
      { numRuns: 200 },
    );
  });
});

test("an entry is read as it was written", () => {
  const entry = readEntry(lines[4] ?? "", 5);
  expect(entry).toMatchObject({
    ok: true,
    entry: { ...draft({ body: { code: "test", message: "line 4", issue: null } }), seq: 5 },
  });
});
