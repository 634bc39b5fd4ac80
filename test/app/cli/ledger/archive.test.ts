import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createSigner } from "../../../../app/ledger/signer.ts";
import { archiveLimits, manifestText } from "../../../../core/ledger/archive.ts";
import { bodyPath } from "../../../../core/ledger/branch.ts";
import { file } from "../../../builders/git-repository.ts";
import { chainOf, draft, drafts, newKey } from "../../../builders/ledger.ts";
import { makeLedgerClone } from "../../../builders/ledger-clone.ts";
import { type Packed, tarOf } from "../../../builders/tar-file.ts";

const repository = makeLedgerClone();
const { folder, clone, run: ledger } = repository;
afterAll(repository.remove);

const key = newKey();
const { publicKey } = createSigner(key.pem);
const body = "what the agent was told";
const sha256 = createHash("sha256").update(body).digest("hex");
const at = (name: string) => join(folder, name);
let lines: string[];

beforeAll(async () => {
  const pack = { sha256, bytes: body.length, mediaType: "text/plain" };
  const named = draft({ kind: "prompt.recorded", body: { story: 7, pack } });
  lines = await chainOf(key.pem, [...drafts(501), named]);
  repository.publish(lines, { [bodyPath(sha256)]: file(body), "run.sh": file("echo\n") });
  expect(await ledger(["export", clone, "--out", "ledger.tar"])).toMatchObject({
    exit: 0,
    err: "",
    out: `${at("ledger.tar")}: entries 502, files 3\n`,
  });
  // The command that it names works as it stands, once a key is in the place of the words.
  expect(await ledger(["import", "ledger.tar", "--into", "copy"])).toMatchObject({
    ...{ exit: 0, err: "" },
    out: `${at("copy")}: files 4; verify them with \`sallyport ledger verify copy --key <public key>\`\n`,
  });
});

const verify = (place: string) => ledger(["verify", place, "--key", publicKey, "--json"]);

describe("what is exported", () => {
  test("has the same bytes each time, holds what the branch holds and nothing else", async () => {
    await ledger(["export", repository.bare, "--out", "again.tar"]);
    expect(readFileSync(at("again.tar")).equals(readFileSync(at("ledger.tar")))).toBe(true);
    const names = readdirSync(at("copy"), { recursive: true, withFileTypes: true });
    expect(
      names
        .filter((entry) => entry.isFile())
        .map((entry) => entry.name)
        .sort(),
    ).toEqual(["0001.jsonl", "0002.jsonl", "manifest.json", sha256].sort());
    expect(readFileSync(at(`copy/${bodyPath(sha256)}`), "utf8")).toBe(body);
  });

  test("verifies as an archive and as an imported folder as it does in the clone", async () => {
    for (const [place, kind] of [
      ["clone", "git"],
      ["ledger.tar", "archive"],
      ["copy", "folder"],
    ] as const) {
      const { exit, out } = await verify(place);
      expect({ exit, report: JSON.parse(out) }).toMatchObject({
        exit: 0,
        report: { ok: true, kind, entries: 502, bodies: { named: 1, present: 1 } },
      });
    }
  });

  test("can be exported again from a folder, byte for byte", async () => {
    await ledger(["export", "copy", "--out", "third.tar"]);
    expect(readFileSync(at("third.tar")).equals(readFileSync(at("ledger.tar")))).toBe(true);
  });

  test("has no policy of its own: the keys are named", async () => {
    for (const place of ["copy", "ledger.tar"])
      expect(await ledger(["verify", place])).toMatchObject({
        exit: 2,
        err: expect.stringContaining("give --policy <file> or --key <key>"),
      });
  });

  test("never replaces a file, and a folder that cannot be written is told", async () => {
    writeFileSync(at("mine.tar"), "mine");
    expect(await ledger(["export", clone, "--out", "mine.tar"])).toMatchObject({
      exit: 2,
      err: expect.stringContaining("never replaced"),
    });
    expect(readFileSync(at("mine.tar"), "utf8")).toBe("mine");
    expect(await ledger(["export", clone, "--out", "no/such.tar"])).toMatchObject({ exit: 2 });
  });
});

describe("a broken ledger is not exported", () => {
  const broken: [string, () => Parameters<typeof repository.publish>, RegExp][] = [
    ["a file is missing", () => [lines, { "ledger/0003.jsonl": file("{}\n") }], /ledger\/0002\.jsonl/],
    ["a body is another", () => [lines, { [bodyPath(sha256)]: file("other") }], /not what its name says/],
    ["it is empty", () => [[]], /no entry/],
  ];
  test.each(broken)("%s", async (_, made, message) => {
    const other = makeLedgerClone();
    other.publish(...made());
    const { exit, err } = await other.run(["export", "clone", "--out", "x.tar"]);
    expect({ exit, err, left: existsSync(join(other.folder, "x.tar")) }).toEqual({
      exit: 1,
      err: expect.stringMatching(message),
      left: false,
    });
    other.remove();
  });
});

describe("an archive that is refused: exit 1, one line, and nothing left behind", () => {
  const content = "a\n";
  const segment = "ledger/0001.jsonl";
  const manifest = (names: Record<string, string>): Packed => ({
    name: "manifest.json",
    content: manifestText(new Map(Object.entries(names).map(([name, text]) => [name, Buffer.from(text)]))),
  });
  const good = [manifest({ [segment]: content }), { name: segment, content }];
  const [first] = good;
  if (first === undefined) throw new Error("a list of two has a first");
  const promised = (text: string, size: number): Packed => ({
    name: "manifest.json",
    content: `{"files":{"${segment}":{"bytes":${size},"sha256":"${createHash("sha256").update(text).digest("hex")}"}},"version":1}\n`,
  });
  const cases: [string, Packed[], RegExp][] = [
    ["T161 a name that climbs out", [first, { name: "../evil", content }], /"\.\.\/evil" is no name/],
    ["T161 a name that climbs inside", [first, { name: "ledger/../0001.jsonl", content }], /is no name/],
    ["T161 an absolute name", [first, { name: "/tmp/evil", content }], /is no name/],
    ["T161 a name on a drive", [first, { name: "C:evil", content }], /is no name/],
    ["T161 a name with backslashes", [first, { name: "ledger\\0001.jsonl", content }], /is no name/],
    [
      "T161 a symlink, then a file through it",
      [first, { name: "ledger", type: "symlink", linkname: "/tmp" }, { name: "ledger/x", content }],
      /is a symlink/,
    ],
    [
      "T161 a symlink under a ledger's name",
      [first, { name: segment, type: "symlink", linkname: "/etc/passwd" }],
      /is a symlink/,
    ],
    ["T161 a hard link", [first, { name: segment, type: "link", linkname: "/etc/passwd" }], /is a link/],
    ["T161 a folder", [first, { name: "ledger/", type: "directory" }], /is a directory/],
    ["T161 a pipe", [first, { name: segment, type: "fifo" }], /is a fifo/],
    ["T161 a device", [first, { name: segment, type: "character-device" }], /is a character-device/],
    [
      "T161 NUL in an extended header's name",
      [first, { name: "x", pax: { path: `${segment}\0/../../evil` }, content }],
      /is no name/,
    ],
    [
      "T161 another name in an extended header",
      [first, { name: segment, pax: { path: "../evil" }, content }],
      /is no name/,
    ],
    ["T161 a twin by case", [...good, { name: "LEDGER/0001.jsonl", content }], /is no name/],
    ["T161 a twin by Unicode form", [...good, { name: "ledger/0001\u200d.jsonl", content }], /is no name/],
    ["T161 the same name twice", [...good, { name: segment, content: "b\n" }], /is there twice/],
    ["T161 a second manifest", [...good, first], /is there twice/],
    [
      "a file that the manifest does not name",
      [...good, { name: "ledger/0002.jsonl", content }],
      /not in the manifest/,
    ],
    ["a file of the branch that is no part of the ledger", [...good, { name: "README.md", content }], /is no name/],
    ["a file that was changed", [first, { name: segment, content: "b\n" }], /not the content/],
    ["a size that lies", [promised(content, 3), { name: segment, content }], /2 bytes and not 3/],
    ["a file that is missing", [first], /is missing/],
    ["T161 more than a ledger may have, promised", [promised(content, archiveLimits.bytes)], /more than/],
    ["T161 more than a manifest may have", [{ name: "manifest.json", size: archiveLimits.fileBytes + 1 }], /bytes/],
    ["no manifest before the files", [{ name: segment, content }, first], /begins with/],
    ["a manifest that is none", [{ name: "manifest.json", content: "{}" }], /is none/],
    ["nothing", [], /empty/],
  ];
  test.each(cases)("%s", async (_, entries, message) => {
    writeFileSync(at("bad.tar"), await tarOf(entries));
    const before = readdirSync(folder);
    for (const args of [
      ["import", "bad.tar", "--into", "bad"],
      ["verify", "bad.tar", "--key", publicKey],
    ]) {
      const { exit, err, out } = await ledger(args);
      expect({ exit, out, lines: err.split("\n").length }).toEqual({ exit: 1, out: "", lines: 2 });
      expect(err).toMatch(message);
    }
    expect(readdirSync(folder)).toEqual(before);
    expect(existsSync(join(folder, "..", "evil"))).toBe(false);
  });

  test("the same made well is not refused", async () => {
    writeFileSync(at("good.tar"), await tarOf(good));
    expect(await ledger(["import", "good.tar", "--into", "good"])).toMatchObject({ exit: 0 });
    expect(readFileSync(at(`good/${segment}`), "utf8")).toBe(content);
  });

  test("a copy that was cut anywhere, or is no archive", async () => {
    const whole = readFileSync(at("ledger.tar"));
    const before = readdirSync(folder).length;
    for (const size of [0, 1, 511, 512, 1_000, whole.length >> 1, whole.length - 2_048]) {
      writeFileSync(at("bad.tar"), whole);
      truncateSync(at("bad.tar"), size);
      expect(await ledger(["import", "bad.tar", "--into", "bad"])).toMatchObject({ exit: 1 });
    }
    writeFileSync(at("bad.tar"), "no archive ".repeat(1_000));
    expect(await ledger(["import", "bad.tar", "--into", "bad"])).toMatchObject({
      exit: 1,
      err: expect.stringContaining("no whole tar archive"),
    });
    expect(readdirSync(folder)).toHaveLength(before);
  });
});

describe("a folder", () => {
  test("that is there already is never written to, empty or not", async () => {
    mkdirSync(at("empty"));
    mkdirSync(at("full"));
    writeFileSync(at("full/mine"), "mine");
    symlinkSync(at("nowhere"), at("link"));
    for (const target of ["empty", "full", "link", "ledger.tar"])
      expect(await ledger(["import", "ledger.tar", "--into", target])).toMatchObject({
        exit: 2,
        err: expect.stringContaining("never replaced"),
      });
    expect([readdirSync(at("empty")), readdirSync(at("full"))]).toEqual([[], ["mine"]]);
  });

  test("is not made where there is none to put it in, nor from what is no file", async () => {
    expect(await ledger(["import", "ledger.tar", "--into", "no/such"])).toMatchObject({ exit: 2 });
    expect(await ledger(["import", "copy", "--into", "other"])).toMatchObject({ exit: 2 });
  });

  const changes: [string, (dir: string) => void, RegExp][] = [
    ["a file was changed", (dir) => writeFileSync(join(dir, "ledger/0002.jsonl"), "{}\n"), /bytes and not/],
    [
      "T143 a file is missing",
      (dir) =>
        writeFileSync(join(dir, "manifest.json"), manifestText(new Map([["ledger/0003.jsonl", Buffer.from("")]]))),
      /not in the manifest/,
    ],
    ["a file was added", (dir) => writeFileSync(join(dir, "run.sh"), ""), /"run\.sh" is not in the manifest/],
    ["T161 a link was added", (dir) => symlinkSync("/etc/passwd", join(dir, "ledger/0003.jsonl")), /no plain file/],
    ["its manifest is none", (dir) => writeFileSync(join(dir, "manifest.json"), "{}"), /manifest\.json is none/],
  ];
  test.each(changes)("that was changed since does not verify: %s", async (_, change, message) => {
    const name = `copy-${changes.findIndex(([, one]) => one === change)}`;
    cpSync(at("copy"), at(name), { recursive: true });
    change(at(name));
    expect(await verify(name)).toMatchObject({ exit: 1, err: expect.stringMatching(message) });
  });
});
