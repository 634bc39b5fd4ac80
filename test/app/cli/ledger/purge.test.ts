import { createHash } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { createSigner } from "../../../../app/ledger/signer.ts";
import { bodyPath, branchFiles, evidenceBranch } from "../../../../core/ledger/branch.ts";
import { entryHash } from "../../../../core/ledger/entry.ts";
import { commitFiles, file, type Node, plainGit } from "../../../builders/git-repository.ts";
import { chainOf, draft, newKey } from "../../../builders/ledger.ts";
import { makeLedgerClone } from "../../../builders/ledger-clone.ts";

const repository = makeLedgerClone();
const { clone, bare, folder, run: ledger } = repository;
afterAll(repository.remove);

const key = newKey();
const { publicKey, keyid } = createSigner(key.pem);
const bodies = ['"what it was told"', '"what it answered"'];
const digests = bodies.map((text) => createHash("sha256").update(text).digest("hex"));
const [told = "", answered = ""] = digests;

let named: string[];
let purged: string[];
beforeAll(async () => {
  const ref = (sha256: string) => ({ sha256, bytes: 1, mediaType: "application/json" });
  const before = [
    draft({ kind: "prompt.recorded", body: { story: 7, run: "run-7-1", pack: ref(told) } }),
    draft({ kind: "response.recorded", body: { story: 7, run: "run-7-1", result: ref(answered) } }),
  ];
  const purge = draft({
    kind: "payload.purged",
    at: "2028-01-01T00:00:00.000Z",
    body: {
      digests: digests.map((sha256) => ({ sha256, bytes: 1 })),
      reason: "retention",
      days: 400,
      policy: "5".repeat(40),
    },
  });
  named = await chainOf(key.pem, before);
  purged = await chainOf(key.pem, [...before, purge]);
});

/** Puts commits on the evidence branch, one on top of the other, each with a chain and some of the bodies. */
function publish(...commits: [chain: readonly string[], kept: readonly string[]][]): void {
  let parents: string[] = [];
  for (const [chain, kept] of commits) {
    const fresh = chain.map((line, index) => ({ seq: index + 1, line }));
    const files = new Map<string, Node>();
    for (const { path, content } of branchFiles([], fresh)) files.set(path, file(Buffer.from(content)));
    for (const [index, sha256] of digests.entries())
      if (kept.includes(sha256)) files.set(bodyPath(sha256), file(bodies[index] ?? ""));
    parents = [commitFiles(bare, files, parents)];
  }
  plainGit(bare, ["update-ref", `refs/heads/${evidenceBranch}`, parents[0] ?? ""]);
  plainGit(clone, ["fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*"]);
}

async function verify(place = clone, ...args: string[]) {
  const { out, exit } = await ledger(["verify", place, "--key", publicKey, "--json", ...args]);
  const { problems, bodies: found } = JSON.parse(out);
  return { exit, found, codes: problems.map(({ code }: { code: string }) => code) };
}

describe("a body that is not there", () => {
  test("and was given up by an entry is no problem, and is told", async () => {
    publish([named, digests], [purged, []]);
    expect(await verify()).toEqual({ exit: 0, codes: [], found: { named: 2, present: 0, purged: 2 } });
    const { out } = await ledger(["verify", clone, "--key", publicKey]);
    expect(out).toContain("0 of 2 are here, 2 were given up after their time; of the others");
  });

  test("and that somebody took away is a problem: no entry says so", async () => {
    publish([named, digests], [named, [told]]);
    expect(await verify()).toEqual({
      exit: 1,
      codes: ["missing-body"],
      found: { named: 2, present: 1, purged: 0 },
    });
    const { out } = await ledger(["verify", clone, "--key", publicKey]);
    expect(out).toContain(`missing-body: ${bodyPath(answered)} was on the branch and is gone`);
  });

  test.each([["bundle", "--pr", "11"], ["vsa", "--pr", "11"], ["continuity"]])(
    "and that somebody took away: %s tells nothing",
    async (command, ...args) => {
      publish([named, digests], [named, [told]]);
      expect(await ledger([command, clone, ...args, "--key", publicKey])).toEqual({
        exit: 1,
        out: "",
        err: expect.stringContaining(`${bodyPath(answered)} was on the branch and is gone`),
      });
    },
  );

  test("and that somebody took away before an entry gave it up is one: the entry does not excuse it", async () => {
    publish([named, digests], [named, [told]], [purged, []]);
    expect(await verify()).toEqual({
      exit: 1,
      codes: ["missing-body"],
      found: { named: 2, present: 0, purged: 2 },
    });
    // Put back, it was not missing when it was given up.
    publish([named, digests], [named, [told]], [named, digests], [purged, []]);
    expect(await verify()).toMatchObject({ exit: 0, codes: [] });
  });

  test("and that somebody took away in a merge is one, too", async () => {
    publish([named, digests]);
    const tip = plainGit(bare, ["rev-parse", `refs/heads/${evidenceBranch}`]).trim();
    publish([named, []]);
    const side = plainGit(bare, ["rev-parse", `refs/heads/${evidenceBranch}`]).trim();
    const tree = plainGit(bare, ["rev-parse", `${side}^{tree}`]).trim();
    const merge = plainGit(bare, ["commit-tree", tree, "-p", side, "-p", tip, "-m", "merge"]).trim();
    plainGit(bare, ["update-ref", `refs/heads/${evidenceBranch}`, merge]);
    expect(await verify(bare)).toMatchObject({ exit: 1, codes: ["missing-body", "missing-body"] });
  });

  test("and that somebody took away is one from a folder of the clone, too, and whatever its settings for a log", async () => {
    publish([named, digests], [named, [told]]);
    const inside = join(clone, "inside");
    mkdirSync(inside, { recursive: true });
    plainGit(clone, ["config", "diff.relative", "true"]);
    expect(await verify(inside)).toMatchObject({ exit: 1, codes: ["missing-body"] });

    publish([named, digests]);
    const tip = plainGit(bare, ["rev-parse", `refs/heads/${evidenceBranch}`]).trim();
    const side = commitFiles(bare, new Map());
    const tree = plainGit(bare, ["rev-parse", `${tip}^{tree}`]).trim();
    const without = plainGit(bare, ["ls-tree", tree])
      .split("\n")
      .filter((line) => !line.endsWith("\tbodies"))
      .join("\n");
    const less = plainGit(bare, ["mktree"], without).trim();
    const merge = plainGit(bare, ["commit-tree", less, "-p", side, "-p", tip, "-m", "merge"]).trim();
    plainGit(bare, ["update-ref", `refs/heads/${evidenceBranch}`, merge]);
    plainGit(bare, ["config", "log.diffMerges", "first-parent"]);
    const found = await verify(bare);
    plainGit(bare, ["config", "--unset", "log.diffMerges"]);
    expect(found).toMatchObject({ exit: 1, codes: ["missing-body", "missing-body"] });
  });

  test.each<[string, Record<string, Node>, number]>([
    ["a body's name of two lines", { "bodies/0\nx": file("x") }, 0],
    [
      "a submodule in a segment's place",
      { "ledger/0001.jsonl": { mode: "160000", content: Buffer.from(told.slice(0, 40)) } },
      1,
    ],
  ])("is told although somebody pushed %s meanwhile and took it back", async (_, odd, exit) => {
    const tree = (kept: readonly string[], more: Record<string, Node> = {}) => {
      const fresh = purged.map((line, index) => ({ seq: index + 1, line }));
      const [{ path, content } = { path: "", content: "" }] = branchFiles([], fresh);
      const files = new Map<string, Node>([[path, file(Buffer.from(content))]]);
      for (const [index, sha256] of digests.entries())
        if (kept.includes(sha256)) files.set(bodyPath(sha256), file(bodies[index] ?? ""));
      return new Map([...files, ...Object.entries(more)]);
    };
    let parents: string[] = [];
    for (const files of [tree(digests), tree([told], odd), tree([])]) parents = [commitFiles(bare, files, parents)];
    plainGit(bare, ["update-ref", `refs/heads/${evidenceBranch}`, parents[0] ?? ""]);
    expect(await verify(bare)).toMatchObject({ exit });
  });

  test("T182: is looked for without starting the program that the clone names for signatures", async () => {
    publish([named, digests], [named, [told]]);
    const ref = `refs/remotes/origin/${evidenceBranch}`;
    const signed = plainGit(clone, ["cat-file", "commit", ref]).replace(
      /^(committer .*)$/m,
      "$1\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----",
    );
    const tip = plainGit(clone, ["hash-object", "-t", "commit", "-w", "--stdin"], signed).trim();
    plainGit(clone, ["update-ref", ref, tip]);
    const program = join(folder, "program");
    writeFileSync(program, `#!/bin/sh\ntouch ${join(folder, "ran")}\n`, { mode: 0o755 });
    plainGit(clone, ["config", "gpg.program", program]);
    plainGit(clone, ["config", "log.showSignature", "true"]);
    const found = await verify();
    expect(found).toMatchObject({ exit: 1, codes: ["missing-body"] });
    expect(existsSync(join(folder, "ran"))).toBe(false);
    // A plain log starts it.
    plainGit(clone, ["log", "-1", tip]);
    expect(existsSync(join(folder, "ran"))).toBe(true);
    for (const name of ["gpg.program", "log.showSignature"]) plainGit(clone, ["config", "--unset", name]);
  });

  test("and never was on the branch is none: only digests were published", async () => {
    publish([named, []]);
    expect(await verify()).toEqual({ exit: 0, codes: [], found: { named: 2, present: 0, purged: 0 } });
  });

  test("cannot be excused by an entry that a key of others signed, nor by one whose key may not say so", async () => {
    const forged = await chainOf(newKey().pem, [draft({ kind: "payload.purged", body: {} })]);
    publish([named, digests], [[...named, ...forged], []]);
    expect(await verify()).toMatchObject({ exit: 1, codes: expect.arrayContaining(["unknown-key"]) });

    publish([named, digests], [purged, []]);
    repository.govern(
      `version: 1\nledger: { keys: [{ key: "${publicKey}", kinds: [prompt.recorded, response.recorded] }] }\n`,
    );
    const { out, exit } = await ledger(["verify", clone, "--json"]);
    expect({ exit, codes: JSON.parse(out).problems.map(({ code }: { code: string }) => code) }).toEqual({
      exit: 1,
      codes: ["kind-not-allowed"],
    });
    expect(JSON.parse(out).keyids).toEqual([keyid]);
  });
});

test("a body that is there although it was given up is fine", async () => {
  publish([named, digests], [purged, [told]]);
  expect(await verify()).toEqual({ exit: 0, codes: [], found: { named: 2, present: 1, purged: 1 } });
});

describe("elsewhere", () => {
  beforeEach(() => publish([named, digests], [purged, []]));

  test("show prints how many bodies an entry gave up", async () => {
    const { out, exit } = await ledger(["show", clone, "--kind", "payload.purged"]);
    expect(exit).toBe(0);
    expect(out).toMatch(/^ {4}3 {2}2028-01-01T00:00:00.000Z {2}payload.purged .* bodies 2, kept 400 days\n$/);
  });

  test("export and import go on without them", async () => {
    for (const name of ["ledger.tar", "copy"]) rmSync(join(folder, name), { recursive: true, force: true });
    expect(await ledger(["export", clone, "--out", "ledger.tar"])).toMatchObject({ exit: 0, err: "" });
    expect(await ledger(["import", "ledger.tar", "--into", "copy"])).toMatchObject({ exit: 0, err: "" });
    expect(await verify("copy", "--head", `3:${entryHash(purged[2] ?? "")}`)).toEqual({
      exit: 0,
      codes: [],
      found: { named: 2, present: 0, purged: 2 },
    });
  });
});
