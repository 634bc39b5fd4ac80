import { describe, expect, test } from "@jest/globals";
import { keyringOf, type LedgerKey, permissionProblem, pinnedKeys } from "../../../core/ledger/keyring.ts";
import { formatPublicKey, keyId } from "../../../core/ledger/public-key.ts";
import { newKey } from "../../builders/ledger.ts";
import { policyOf } from "../../builders/pull-facts.ts";

const [one, other] = [newKey().publicKey, newKey().publicKey];
const short = keyId(one).slice(0, 16);

describe("the keys that a policy pins", () => {
  test("are read with their rules", () => {
    const rule = `key: "${formatPublicKey(one)}", kinds: [command], from: 3, to: 9`;
    const { policy } = policyOf(`version: 1\nledger: { keys: [{ ${rule} }, { key: "${formatPublicKey(other)}" }] }\n`);
    const keys = pinnedKeys(policy).map(({ key, kinds, from, to }) => ({ id: keyId(key), kinds, from, to }));
    expect(keys).toEqual([
      { id: keyId(one), kinds: ["command"], from: 3, to: 9 },
      { id: keyId(other), kinds: undefined, from: undefined, to: undefined },
    ]);
  });

  test("are none where it pins none", () => {
    expect(pinnedKeys(policyOf("version: 1").policy)).toEqual([]);
  });
});

describe("whether a key may sign an entry", () => {
  const problem = (kind: string, position: number, ...rules: Omit<LedgerKey, "key">[]) => {
    const keys = keyringOf(rules.map((rule) => ({ ...rule, key: one })));
    const found = permissionProblem({ kind, keyids: [keyId(one)] }, position, keys);
    if (found !== null) expect(found.position).toBe(position);
    return found === null ? null : [found.code, found.message];
  };
  const only = (position: number, when: string) => [
    "key-not-valid",
    `entry ${position} is signed by the key ${short}…, which may sign ${when} only`,
  ];
  const not = (kind: string) => ["kind-not-allowed", `entry 4 is a ${kind}, which its key may not sign`];
  const commands = { kinds: ["command"] };

  test.each<[string, ReturnType<typeof problem>, ReturnType<typeof problem>]>([
    ["without a rule, any", problem("command", 4, {}), null],
    ["the first of its entries", problem("command", 4, { from: 4, to: 9 }), null],
    ["the last of its entries", problem("command", 4, { from: 2, to: 4 }), null],
    ["not the one before", problem("command", 4, { from: 5 }), only(4, "entries from 5 on")],
    ["not the one after", problem("command", 4, { to: 3 }), only(4, "entries 1 to 3")],
    ["by one rule of two", problem("command", 4, { to: 3 }, { from: 4 }), null],
    [
      "by neither rule of two",
      problem("command", 4, { to: 3 }, { from: 5, to: 6 }),
      only(4, "entries 1 to 3 and entries 5 to 6"),
    ],
    ["T156: of its kinds", problem("command", 4, commands), null],
    ["T156: not of another kind", problem("verdict.given", 4, commands), not("verdict.given")],
    ["T156: of the kinds of either rule", problem("verdict.given", 4, commands, { kinds: ["verdict.given"] }), null],
    [
      "T156: not of a kind of a rule that holds elsewhere",
      problem("verdict.given", 4, commands, { kinds: ["verdict.given"], to: 3 }),
      not("verdict.given"),
    ],
  ])("%s", (_, found, expected) => {
    expect(found).toEqual(expected);
  });

  test("each of several keys has to be allowed, and one that is not there is not", () => {
    const keys = keyringOf([{ key: one }, { key: other, kinds: ["command"] }]);
    const by = (...ids: string[]) => permissionProblem({ kind: "verdict.given", keyids: ids }, 1, keys)?.code;
    expect(by(keyId(one))).toBeUndefined();
    expect(by(keyId(one), keyId(other))).toBe("kind-not-allowed");
    expect(by("f".repeat(64))).toBe("key-not-valid");
  });
});
