import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { createSigner } from "../../../app/ledger/signer.ts";
import { canonicalJson, type Json } from "../../../core/json.ts";
import { appendEntry, entryHash, readEntry } from "../../../core/ledger/entry.ts";
import { pae } from "../../../core/ledger/envelope.ts";
import { keyId } from "../../../core/ledger/public-key.ts";
import { typedEntry } from "../../../core/ledger/typed-entry.ts";
import { verifyChain } from "../../../core/ledger/verify.ts";
import { chainOf, draft, drafts, newKey } from "../../builders/ledger.ts";

const key = newKey();
const other = newKey();
let lines: string[];
beforeAll(async () => {
  lines = await chainOf(key.pem, drafts(40));
});
const payloadType = "application/vnd.in-toto+json";

/** The payload of a chain's first entry, changed before it is signed. */
function withStatement(pattern: RegExp, replacement: string): string {
  const { repository, kind, at, actor, subject, body } = draft();
  const predicate = canonicalJson({ repository, seq: 1, prev: null, kind, at, actor, body });
  const text = `{"_type":"https://in-toto.io/Statement/v1","predicate":${predicate},"predicateType":"https://sallyport.dev/ledger-entry/v1","subject":${canonicalJson(subject)}}`;
  if (!pattern.test(text)) throw new Error(`${pattern} is not in ${text}`);
  return text.replace(pattern, replacement);
}

/** A line whose signature is good, whatever its payload is. */
async function signedLine(payload: string | Buffer): Promise<string> {
  const bytes = Buffer.from(payload);
  const signature = await createSigner(key.pem).sign(pae(payloadType, bytes));
  return canonicalJson({ payload: bytes.toString("base64"), payloadType, signatures: [signature] });
}
const verify = (chain: string[], options = {}) => verifyChain(chain, [{ key: key.publicKey }], options);
const codes = (chain: string[], options = {}) => verify(chain, options).problems.map((problem) => problem.code);

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
    const short = keyId(key.publicKey).slice(0, 16);
    const message = `entry 1 names the key ${short}…, which is not one of the given keys`;
    expect(report.problems[0]).toEqual({ code: "unknown-key", position: 1, message });
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
    expect(verify(spliced).problems[0]).toMatchObject({ code: "wrong-repository", position: 11 });
    const twin = await chainOf(key.pem, drafts(40, { at: "2026-11-21T10:00:02.000Z" }));
    expect(verify([...lines.slice(0, 10), ...twin.slice(10)]).problems).toMatchObject([
      { code: "broken-chain", position: 11 },
    ]);
  });

  test("T158: a second spelling of the same JSON", () => {
    const line = lines[0] ?? "";
    for (const twin of [` ${line}`, line.replace('{"payload"', '{"payload":"","payload"'), line.replace(":", ": ")]) {
      expect(codes([twin])).toEqual(["not-canonical"]);
    }
  });

  test("T159: base64 that decodes to the same bytes in another form", () => {
    const envelope = JSON.parse(lines[0] ?? "");
    envelope.signatures[0].sig = envelope.signatures[0].sig.replace(/=+$/, "");
    expect(codes([JSON.stringify(envelope)])).toEqual(["not-canonical"]);
  });

  const payloads: [string, string | Buffer][] = [
    ["nothing", ""],
    ["garbage", Buffer.from([0xff, 0xfe])],
    ["another object", '{"hello":"world"}'],
    ["T158 a repository's id past 2^53", withStatement(/"id":7/, '"id":9007199254740993')],
    ["T158 a second place", withStatement(/"seq":1/, '"seq":1,"seq":1')],
    ["T158 the key __proto__", withStatement(/"body":\{/, '"body":{"__proto__":{"a":1},')],
    ["T151 white space", withStatement(/"seq":1/, '"seq": 1')],
    ["a key that is not in the schema", withStatement(/"seq":1/, '"seq":1,"sequence":1')],
    ["another kind of statement", withStatement(/ledger-entry\/v1/, "ledger-entry/v2")],
    ["no subject", withStatement(/"subject":\[.*?\]/, '"subject":[]')],
    ["a time that is no moment", withStatement(/2026-11-21T10:00:00.000Z/, "2026-11-21 10:00")],
    ["a body that is no object", withStatement(/"body":\{.*?\}/, '"body":[]')],
    ["a body nested too deep", withStatement(/"body":\{/, `"body":{"a":${"[".repeat(64)}${"]".repeat(64)},`)],
  ];
  test.each(payloads)("T153: a signed payload that is no statement: %s", async (_, payload) => {
    expect(codes([await signedLine(payload)])).toEqual(["bad-statement"]);
  });

  test("T153: what is wrong with a statement is said with its place", async () => {
    const line = await signedLine(withStatement(/2026-11-21T10:00:00.000Z/, "2026-11-21 10:00"));
    expect(verify([line]).problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^entry 1 is no ledger statement: predicate\.at: \S/),
    ]);
  });

  const about = `{"gitCommit":"${"c".repeat(40)}"}`;
  const verdictOn = (sha: string) => ({ ...draft(), kind: "verdict.given", body: { head: sha.repeat(40) } });
  test("T152: a body that names another commit than the statement's subject", async () => {
    const subject = [{ digest: { gitCommit: "c".repeat(40) } }];
    const good = await chainOf(key.pem, [{ ...verdictOn("c"), subject }]);
    expect(codes(good)).toEqual([]);
    const text = Buffer.from(JSON.parse(good[0] ?? "").payload, "base64").toString();
    for (const other of [`{"gitCommit":"${"d".repeat(40)}"}`, `{"gitTree":"${"c".repeat(40)}"}`])
      expect(codes([await signedLine(text.replace(about, other))])).toEqual(["bad-statement"]);
  });

  test("T152: a merge whose subjects leave out the judged head", async () => {
    const body = { head: "c".repeat(40), merged: "d".repeat(40) };
    const subjects = ["c", "d"].map((sha) => ({ digest: { gitCommit: sha.repeat(40) } }));
    const merge = { ...draft(), kind: "merge.observed", body };
    expect(codes(await chainOf(key.pem, [{ ...merge, subject: subjects }]))).toEqual([]);
    for (const [one] of [subjects.slice(0, 1), subjects.slice(1)]) {
      if (one === undefined) throw new Error("there are two subjects");
      await expect(chainOf(key.pem, [{ ...merge, subject: [one] }])).rejects.toThrow(/no subject of it is that commit/);
    }
  });

  test("the same payload as it should be", async () => {
    expect(codes([await signedLine(withStatement(/^/, ""))])).toEqual([]);
  });

  test("T154: a signature over other bytes, or by another key under this key's id", async () => {
    const [one = "", two = ""] = lines;
    const moved = { ...JSON.parse(one), signatures: JSON.parse(two).signatures };
    expect(codes([JSON.stringify(moved)])).toEqual(["bad-signature"]);
    const payload = withStatement(/^/, "");
    const { sig } = await createSigner(other.pem).sign(pae(payloadType, Buffer.from(payload)));
    const forged = { ...JSON.parse(one), signatures: [{ ...JSON.parse(one).signatures[0], sig }] };
    expect(codes([JSON.stringify(forged)])).toEqual(["bad-signature"]);
  });

  type Part = Record<string, Json>;
  const signedBy = (count: number, one: Part) =>
    Array.from({ length: count }, (_, index) => ({ ...one, keyid: String(index) }));
  const envelopes: [string, (line: Part, signature: Part) => Json][] = [
    ["no payload", (line) => ({ ...line, payload: 1 })],
    ["a signature for another payload type", (line) => ({ ...line, payloadType: "application/json" })],
    ["more than an envelope", (line) => ({ ...line, version: 1 })],
    ["no list of signatures", (line, signature) => ({ ...line, signatures: signature })],
    ["no signature", (line) => ({ ...line, signatures: [] })],
    ["a second signature by one key", (line, signature) => ({ ...line, signatures: [signature, signature] })],
    ["a signature that is none", (line) => ({ ...line, signatures: ["a"] })],
    ["nothing in place of a signature", (line) => ({ ...line, signatures: [null] })],
    ["a signature of no key", (line, signature) => ({ ...line, signatures: [{ ...signature, keyid: 1 }] })],
    ["a key without a signature", (line, signature) => ({ ...line, signatures: [{ ...signature, sig: 1 }] })],
    ["a signature with more to it", (line, signature) => ({ ...line, signatures: [{ ...signature, cert: "" }] })],
    ["21 signatures", (line, signature) => ({ ...line, signatures: signedBy(21, signature) })],
  ];
  test.each(envelopes)("an envelope with %s", (_, changed) => {
    const line = JSON.parse(lines[0] ?? "");
    expect(codes([canonicalJson(changed(line, line.signatures[0]))])).toEqual(["bad-envelope"]);
  });

  test.each(["null", "[]", "1", '"a"'])("a line that is no envelope at all: %s", (line) => {
    expect(codes([line])).toEqual(["bad-envelope"]);
  });

  test("an envelope of twenty signatures is read, and one that is not base64 as it should be is not", () => {
    const line = JSON.parse(lines[0] ?? "");
    const [signature] = line.signatures;
    const twenty = { ...line, signatures: signedBy(20, signature) };
    expect(readEntry(canonicalJson(twenty))).toMatchObject({ ok: true });
    const [, ...rest] = twenty.signatures;
    const last = { ...signature, keyid: "last", sig: signature.sig.replace(/=+$/, "") };
    expect(codes([canonicalJson({ ...line, signatures: [...rest, last] })])).toEqual(["not-canonical"]);
    expect(codes([canonicalJson({ ...line, payload: `${line.payload}\n` })])).toEqual(["not-canonical"]);
  });

  test("T148: a ledger that is gone although a head of it is known", () => {
    expect(codes([], { anchor: verify(lines).head })).toEqual(["empty", "cut-tail"]);
  });

  test("T144: two entries that follow the same one", async () => {
    const head = verify(lines.slice(0, 5)).head;
    const fork = await appendEntry(head, draft({ body: { code: "fork" } }), createSigner(key.pem).sign);
    expect(codes([...lines.slice(0, 6), fork.line])).toEqual(["wrong-place", "broken-chain"]);
  });

  test("a line that is too long, before anything is decoded", () => {
    expect(codes(["x".repeat(1024 * 1024 + 1)])).toEqual(["too-long"]);
    expect(codes(["x".repeat(1024 * 1024)])).toEqual(["not-canonical"]);
  });
});

test("an entry is read as it was written", () => {
  const entry = readEntry(lines[4] ?? "", 5);
  expect(entry).toMatchObject({
    ok: true,
    entry: { ...draft({ body: { code: "test", message: "line 4", issue: null } }), seq: 5 },
  });
});

describe("a draft that could not be read back is refused and nothing is signed", () => {
  const deep = JSON.parse(`${"[".repeat(64)}${"]".repeat(64)}`);
  const cases: [string, Parameters<typeof draft>[0], RegExp][] = [
    ["nested too deep", { body: { deep } }, /nested too deep/],
    ["T158 the key __proto__", { body: JSON.parse('{"__proto__":{"a":1}}') }, /__proto__/],
    ["T158 half of a surrogate pair", { body: { text: "\ud800" } }, /surrogate/],
    ["T158 a number past 2^53", { body: { id: 2 ** 53 } }, /no canonical form/],
    ["a body that is no object", { body: [] }, /body/],
    ["no subject", { subject: [] }, /subject/],
    ["a time without milliseconds", { at: "2026-11-21T10:00:00Z" }, /at/],
    ["a kind in capitals", { kind: "Command" }, /kind/],
  ];
  test.each(cases)("%s", async (_, overrides, message) => {
    let asked = 0;
    const sign = async () => {
      asked += 1;
      return { keyid: "", sig: "" };
    };
    await expect(appendEntry(null, draft(overrides), sign)).rejects.toThrow(message);
    expect(asked).toBe(0);
  });

  test("a body that is longer than a line may be", async () => {
    const long = draft({ body: { text: "x".repeat(1024 * 1024) } });
    await expect(appendEntry(null, long, createSigner(key.pem).sign)).rejects.toThrow(/longer than/);
  });
});

test("a report says how many entries there are, from when to when, of which kinds, by which keys, of which repository", async () => {
  const [first, last] = ["2026-11-21T10:00:00.000Z", "2026-11-22T10:00:00.000Z"];
  const kinds = ["incident.raised", "command", "command"];
  const chain = await chainOf(
    key.pem,
    kinds.map((kind, index) => draft({ kind, at: index === 0 ? first : last })),
  );
  expect(verify(chain)).toEqual({
    ...{ ok: true, entries: 3, head: { seq: 3, hash: entryHash(chain[2] ?? "") }, first, last },
    ...{ kinds: { "incident.raised": 1, command: 2 }, keyids: [keyId(key.publicKey)] },
    ...{ repository: { id: 7, name: "acme/web" }, problems: [], notes: [] },
  });
  const none = { head: null, first: null, last: null, kinds: {}, keyids: [], repository: null, notes: [] };
  expect(verify(["no entry"])).toMatchObject({ ...none, ok: false, entries: 1 });
});

test("an entry left out is told once, where it is missing, and not for each that follows", () => {
  expect(verify([...lines.slice(0, 9), ...lines.slice(10)]).problems).toEqual([
    { code: "wrong-place", position: 10, message: "place 10 holds entry 11: entries were dropped, added or moved" },
    { code: "broken-chain", position: 10, message: "entry 10 does not follow the entry before it" },
  ]);
});

test("a head from elsewhere has to stand at its place", () => {
  const head = { seq: 12, hash: entryHash(lines[9] ?? "") };
  expect(verify(lines, { anchor: head }).problems).toEqual([
    {
      code: "cut-tail",
      position: 12,
      message: `the ledger does not hold entry 12 with the hash ${head.hash.slice(0, 16)}…: its tail was cut or rewritten, or this copy is older than that head`,
    },
  ]);
});

test("twenty problems and twenty notes are listed at most", async () => {
  const times = Array.from({ length: 25 }, (_, index) => `2026-11-21T10:00:00.${100 - index}Z`);
  const back = await chainOf(
    key.pem,
    times.map((at) => draft({ at: at.replace(/\.(\d\d)Z/, ".0$1Z") })),
  );
  expect(verify(back).notes).toHaveLength(20);
  expect(verify(Array.from({ length: 25 }, () => "no entry")).problems).toHaveLength(20);
});

test("a body is checked by its kind; one that does not fit, or of a kind that is not known, is read by nobody", () => {
  const read = readEntry(lines[0] ?? "", 1);
  if (!read.ok) throw new Error(read.problem.message);
  const { entry } = read;
  expect(typedEntry(entry)).toMatchObject({ seq: 1, kind: "incident.raised", body: entry.body });
  expect(typedEntry({ ...entry, body: { code: 1 } })).toBeNull();
  for (const kind of ["incident.seen", "toString"]) expect(typedEntry({ ...entry, kind })).toBeNull();
});

test("a time that goes backwards is told and is no fault", async () => {
  const times = ["2026-11-21T10:00:01.000Z", "2026-11-21T10:00:00.999Z", "2026-11-21T10:00:01.000Z"];
  const chain = await chainOf(
    key.pem,
    times.map((at) => draft({ at })),
  );
  expect(verify(chain)).toMatchObject({ ok: true, notes: [{ position: 2 }] });
  expect(verify(lines).notes).toEqual([]);
});

test("only entries that are in order are shown to the visitor", () => {
  const seen: number[] = [];
  const broken = lines.slice(0, 6).with(2, lines[3] ?? "");
  verify(broken, { visit: ({ seq }: { seq: number }) => seen.push(seq) });
  expect(seen).toEqual([1, 2, 5, 6]);
});
