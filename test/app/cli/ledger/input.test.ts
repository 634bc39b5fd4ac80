import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createSigner } from "../../../../app/ledger/signer.ts";
import { plainGit } from "../../../builders/git-repository.ts";
import { newKey } from "../../../builders/ledger.ts";
import { runLedger } from "../../../hosts/run-ledger.ts";

const key = newKey();
const publicKey = createSigner(key.pem).publicKey;
let folder: string;
const ledger = (args: string[]) => runLedger(folder, args);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sallyport-"));
  plainGit(folder, ["init", "-q", "empty"]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("bad input: exit 2 and one line that says what to do", () => {
  const cases: [string, () => string[], RegExp][] = [
    ["no git directory", () => ["verify", "/nonexistent", "--key", publicKey], /not a git directory/],
    ["T148 no evidence branch", () => ["verify", "empty", "--key", publicKey], /git fetch origin sallyport\/evidence/],
    [
      "a key that is none",
      () => ["verify", "empty", "--key", "ed25519:abc"],
      /--key ed25519:abc: this is no public key/,
    ],
    [
      "a key file that is not there",
      () => ["verify", "empty", "--key", "nope.pub"],
      /--key nope\.pub: there is no such file/,
    ],
    ["a head without a hash", () => ["verify", "empty", "--key", publicKey, "--head", "12"], /<seq>:<64 hex digits>/],
    [
      "a head before the first",
      () => ["verify", "empty", "--key", publicKey, "--head", `0:${"a".repeat(64)}`],
      /<seq>/,
    ],
    [
      "an id that is none",
      () => ["verify", "empty", "--key", publicKey, "--repository-id", "acme/web"],
      /whole number/,
    ],
    [
      "a name that moves the cursor and breaks the line",
      () => ["verify", "no\nsuch\u009b2J", "--key", publicKey],
      /no such\[U\+009B\]2J is not a git directory/,
    ],
    ["a story that is none", () => ["show", "empty", "--story", "seven"], /issue's number/],
    ["show without a branch", () => ["show", "empty"], /git fetch origin/],
    ["a folder that is not there", () => ["keygen", "--out", "no/such/folder.pem"], /cannot be written/],
  ];
  test.each(cases)("%s", async (_, args, message) => {
    const { out, err, exit } = await ledger(args());
    expect({ out, exit, lines: err.split("\n").length }).toEqual({ out: "", exit: 2, lines: 2 });
    expect(err).toMatch(message);
  });

  test("a private key in the place of the public one", async () => {
    writeFileSync(join(folder, "private.pem"), key.pem);
    const { err, exit } = await ledger(["verify", "empty", "--key", "private.pem"]);
    expect({ exit, err }).toMatchObject({ exit: 2, err: expect.stringContaining("this is a private key") });
    expect(err).not.toContain(key.pem.split("\n")[1]);
  });
});

describe("sallyport ledger keygen", () => {
  test("writes a key that only its owner reads, and prints its public half", async () => {
    const made = await ledger(["keygen", "--out", "new.pem"]);
    const path = join(folder, "new.pem");
    expect(made.exit).toBe(0);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(made.out).toBe(`${createSigner(readFileSync(path, "utf8")).publicKey}\n`);
  });

  test("never replaces a file", async () => {
    const path = join(folder, "kept.pem");
    writeFileSync(path, "mine");
    const { out, err, exit } = await ledger(["keygen", "--out", "kept.pem"]);
    expect({ out, exit, kept: readFileSync(path, "utf8") }).toEqual({ out: "", exit: 2, kept: "mine" });
    expect(err).toMatch(/exists already and is never replaced/);
  });
});
