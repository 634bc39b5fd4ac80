import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createSigner } from "../../../../app/ledger/signer.ts";
import { entryHash } from "../../../../core/ledger/entry.ts";
import { chainOf, draft, newKey, signedByTurns } from "../../../builders/ledger.ts";
import { makeLedgerClone } from "../../../builders/ledger-clone.ts";

const repository = makeLedgerClone();
const { clone, run: ledger } = repository;
afterAll(repository.remove);

const [old, fresh, third] = [newKey(), newKey(), newKey()].map(({ pem }) => createSigner(pem));
if (old === undefined || fresh === undefined || third === undefined) throw new Error("three keys were made");
const personal = draft({ kind: "sign-off.given" });

/** A policy that pins keys; each is written as in YAML, without its dash. */
const policyOf = (keys: string[], more = "") =>
  `version: 1\nledger:\n  keys:\n${keys.map((one) => `    - ${one}\n`).join("")}${more}`;
const pin = (key: { publicKey: string }, more = "") => `{ key: "${key.publicKey}"${more} }`;

let lines: string[];
beforeAll(async () => {
  // Three entries by the old key, three by the new one; the last of each is a person's sign-off.
  lines = await signedByTurns(
    [draft(), draft(), personal, draft(), draft(), personal],
    [old, old, old, fresh, fresh, fresh].map((signer) => [signer]),
  );
  repository.publish(lines);
});

/** Verifies with a policy on the default branch. */
async function verify(policy: string, ...args: string[]) {
  repository.govern(policy);
  const { out, err, exit } = await ledger(["verify", clone, "--json", ...args]);
  const report = exit === 2 ? null : JSON.parse(out);
  return { exit, err, report, first: report?.problems[0] };
}

describe("the policy on the clone's default branch says which keys count", () => {
  test("T157: a key that was rotated, and the one that came after it", async () => {
    const { exit, report } = await verify(policyOf([pin(old, ", to: 3"), pin(fresh, ", from: 4")]));
    expect({ exit, trust: report.trust, problems: report.problems }).toEqual({
      exit: 0,
      trust: {
        source: expect.stringMatching(/^\.github\/sallyport\.yml at [0-9a-f]{40}$/),
        keys: 2,
      },
      problems: [],
    });
  });

  const refused: [string, () => string, { code: string; position: number }][] = [
    [
      "T157: entries under a key after it was revoked",
      () => policyOf([pin(old, ", to: 2"), pin(fresh)]),
      { code: "key-not-valid", position: 3 },
    ],
    [
      "T157: entries under a new key from before it was valid",
      () => policyOf([pin(old), pin(fresh, ", from: 5")]),
      { code: "key-not-valid", position: 4 },
    ],
    ["a key that the policy does not pin", () => policyOf([pin(old)]), { code: "unknown-key", position: 4 }],
    [
      "T156: a kind that the key may not sign there",
      () => policyOf([pin(old), pin(fresh, ", kinds: [incident.raised]")]),
      { code: "kind-not-allowed", position: 6 },
    ],
  ];
  test.each(refused)("refused: %s", async (_, policy, problem) => {
    const { exit, first } = await verify(policy());
    expect({ exit, first }).toEqual({ exit: 1, first: expect.objectContaining(problem) });
  });

  test("one key with a rule for each of two stretches", async () => {
    const rules = [pin(old, ", to: 2"), pin(old, ", from: 3, to: 3, kinds: [sign-off.given]"), pin(fresh)];
    expect(await verify(policyOf(rules))).toMatchObject({ exit: 0 });
    expect(await verify(policyOf([pin(old, ", to: 1"), ...rules.slice(1)]))).toMatchObject({
      exit: 1,
      first: { code: "key-not-valid", position: 2 },
    });
  });

  test("--key is trusted in its place, and --policy too", async () => {
    const keys = ["--key", old.publicKey, "--key", fresh.publicKey];
    expect(await verify(policyOf([pin(third)]), ...keys)).toMatchObject({ exit: 0 });
    writeFileSync(join(repository.folder, "mine.yml"), policyOf([pin(old, ", to: 3"), pin(fresh)]));
    const mine = await verify(policyOf([pin(third)]), "--policy", "mine.yml");
    expect(mine.report.trust.source).toBe(join(repository.folder, "mine.yml"));
    expect(mine.exit).toBe(0);
  });

  const undecided: [string, string, string[], RegExp][] = [
    ["no key is pinned", "version: 1\n", [], /pins no key: add its public key under `ledger\.keys`/],
    ["the policy is malformed", "version: 1\nroles: 7\n", [], /is malformed: \.github\/sallyport\.yml:2:1: roles: /],
    ["the policy file is malformed", "version: 1\n", ["--policy", "bad.yml"], /bad\.yml:1:1: /],
    ["the policy file is not there", "version: 1\n", ["--policy", "nope.yml"], /check the path given with --policy/],
    [
      "the policy asks for several signatures, which no service gives",
      policyOf([pin(old)], "  threshold: 2\n"),
      [],
      /is malformed: \S+:5:3: .*threshold/,
    ],
  ];
  test.each(undecided)("exit 2 where %s", async (_, policy, args, message) => {
    writeFileSync(join(repository.folder, "bad.yml"), "nonsense: 1\n");
    expect(await verify(policy, ...args)).toMatchObject({ exit: 2, err: expect.stringMatching(message) });
  });

  test("U13: a key that is neither a key nor a file is told in our words", async () => {
    const { err, exit } = await verify(policyOf([pin(old)]), "--key", "nowhere.pem");
    expect([exit, err]).toEqual([2, "sallyport ledger verify: --key nowhere.pem: there is no such file\n"]);
  });

  test("exit 2 where there is no policy at all", async () => {
    const bare = makeLedgerClone();
    bare.publish(lines);
    const { exit, err } = await bare.run(["verify", "clone"]);
    bare.remove();
    expect({ exit, err }).toMatchObject({ exit: 2, err: expect.stringMatching(/has no policy at/) });
  });
});

describe("entries that several keys sign", () => {
  const all = () => policyOf([pin(old), pin(fresh), pin(third)]);
  const publish = async (...signers: Parameters<typeof signedByTurns>[1]) =>
    repository.publish(
      await signedByTurns(
        signers.map(() => draft()),
        signers,
      ),
    );
  afterAll(() => repository.publish(lines));

  test("by any of three, alone or together", async () => {
    await publish([old, fresh], [third], [third, old, fresh]);
    expect(await verify(all())).toMatchObject({ exit: 0, report: { ok: true } });
  });

  test("twice by the same key", async () => {
    await publish([old, fresh], [old, old]);
    expect(await verify(all())).toMatchObject({ exit: 1, first: { code: "bad-envelope", position: 2 } });
  });

  test("a second signature that is not good, or not by a pinned key, counts against the entry", async () => {
    const wrong = { ...third, sign: fresh?.sign ?? old.sign };
    await publish(
      [old, fresh],
      [old, { ...wrong, sign: async (bytes) => ({ ...(await wrong.sign(bytes)), keyid: third.keyid }) }],
    );
    expect(await verify(all())).toMatchObject({
      exit: 1,
      first: { code: "bad-signature", position: 2 },
    });
    await publish([old, third]);
    expect(await verify(policyOf([pin(old), pin(fresh)]))).toMatchObject({
      exit: 1,
      first: { code: "unknown-key", position: 1 },
    });
  });
});

test("T157: a head that is anchored stays the same entry under a new key", async () => {
  const chain = await chainOf(newKey().pem, [draft()]);
  const head = (index: number) => `${index}:${entryHash(lines[index - 1] ?? "")}`;
  const policy = policyOf([pin(old), pin(fresh)]);
  expect(await verify(policy, "--head", head(3))).toMatchObject({ exit: 0, report: { anchored: true } });
  expect(await verify(policy, "--head", `1:${entryHash(chain[0] ?? "")}`)).toMatchObject({
    exit: 1,
    first: { code: "cut-tail", position: 1 },
  });
});
