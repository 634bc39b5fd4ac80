import { describe, expect, test } from "@jest/globals";
import { createSigner } from "../../../app/ledger/signer.ts";
import { verifiedRecord } from "../../../collect/pull/record.ts";
import type { PolicyReading } from "../../../core/facts.ts";
import type { Json } from "../../../core/json.ts";
import { type Known, known, unknown } from "../../../core/known.ts";
import { noRecord } from "../../../core/record/pull.ts";
import { Policy } from "../../../schemas/policy.ts";
import { chainOf, draft, newKey } from "../../builders/ledger.ts";
import { facts } from "../../builders/pull-facts.ts";
import { signedLedger } from "../../builders/signed-ledger.ts";

const key = `ed25519:${"A".repeat(43)}=`;
const sha = "a".repeat(40);
const reading = (keys: string[]): Known<PolicyReading> => {
  const ledger = keys.length === 0 ? {} : { ledger: { keys: keys.map((one) => ({ key: one })) } };
  return known({
    state: "loaded",
    ref: sha,
    blob: sha,
    policy: Policy.parse({ version: 1, ...ledger }),
    lines: {},
  });
};
const lines: Known<string[] | null> = known(["{}"]);
const empty = known(noRecord);
const range = facts();
const why = (text: string) => ({ known: false, why: expect.stringContaining(text) });

const cases: [string, Known<string[] | null>, Known<PolicyReading>, string, object][] = [
  ["no branch, no key: there is no ledger", known(null), reading([]), "feature", empty],
  ["no branch, no key, a run's branch: there is no ledger", known(null), reading([]), "sallyport/run-1-1/1", empty],
  ["no branch, a person's pull request", known(null), reading([key]), "feature", empty],
  ["no branch, a run's pull request", known(null), reading([key]), "sallyport/run-1-1/1", why("is a run's")],
  ["a ledger and no key", lines, reading([]), "feature", why("pins no key")],
  [
    "a ledger and no policy",
    lines,
    known({ state: "absent", ref: sha, removedBy: null }),
    "feature",
    why("pins no key"),
  ],
  ["T051 a policy that could not be read", known(null), unknown("500"), "feature", why("500")],
  ["a branch that could not be read", unknown("cut short"), reading([key]), "feature", why("cut short")],
  ["a chain that does not verify", lines, reading([key]), "feature", why("does not verify")],
  ["an empty chain", known([]), reading([key]), "feature", why("does not verify")],
];

describe("the record of a pull request", () => {
  test.each(cases)("%s", (_, ledger, policy, branch, expected) => {
    expect(verifiedRecord(ledger, { repository: 42, number: 7, branch, policy, range })).toEqual(expected);
  });

  const ask = (ledger: string[], keys: string[], kinds?: string[], branch = "feature") => {
    const policy = Policy.parse({
      version: 1,
      ledger: { keys: keys.map((one) => ({ key: one, ...(kinds ? { kinds } : {}) })) },
    });
    const loaded = known({ state: "loaded" as const, ref: sha, blob: sha, policy, lines: {} });
    return verifiedRecord(known(ledger), { repository: 42, number: 7, branch, policy: loaded, range });
  };

  test("holds what a verified ledger says about this pull request, and nothing about others", async () => {
    const ledger = await signedLedger(sha);
    const by = { id: 9, login: "quinn", type: "User" };
    const given = { baseRef: null, at: expect.any(String) };
    const signOffs = [{ sha, test: "manual", result: "pass", by, seq: 1, ...given }];
    expect(ask(ledger.lines, [ledger.key])).toEqual(known({ ...noRecord, signOffs }));
  });

  test("is unknown when the key is another, may not sign this, or the chain is cut, reordered or another repository's", async () => {
    const [ledger, other] = [await signedLedger(sha), await signedLedger(sha, 43)];
    const [first = "", second = ""] = ledger.lines;
    const wrong = [
      ask(ledger.lines, [other.key]),
      ask(ledger.lines, [ledger.key], ["verdict.given"]),
      ask([second], [ledger.key]),
      ask([second, first], [ledger.key]),
      ask([first, first], [ledger.key]),
      ask(other.lines, [other.key]),
    ];
    expect(wrong).toEqual(wrong.map(() => why("does not verify")));
  });

  test("is unknown past an entry about it that only a newer version can read: it may be a no", async () => {
    const key = newKey();
    const repository = { id: 42, name: "o/r" };
    const newer = (kind: string, body: Json) => chainOf(key.pem, [draft({ repository, kind, body })]);
    const keys = [createSigner(key.pem).publicKey];
    const about = [
      await newer("test.refused", { pull: 7 }),
      await newer("sign-off.given", { pull: 7, result: "fail", how: "anew" }),
    ];
    for (const ledger of about) expect(ask(ledger, keys)).toEqual(why("use a newer one"));
    expect(ask(await newer("test.refused", { pull: 8 }), keys)).toEqual(empty);
  });

  test("is unknown for a run's branch while a verified ledger does not show the run", async () => {
    const ledger = await signedLedger(sha);
    expect(ask(ledger.lines, [ledger.key], undefined, "sallyport/run-1-1/1")).toEqual(why("does not show the run"));
  });
});
