import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createSigner } from "../../../../app/ledger/signer.ts";
import { AdoptionBundle } from "../../../../schemas/evidence.ts";
import { because, botPull, head, max, merged, story, tree } from "../../../builders/foreign-pull.ts";
import { newKey } from "../../../builders/ledger.ts";
import { makeLedgerClone } from "../../../builders/ledger-clone.ts";
import { signStory } from "../../../builders/merged-story.ts";
import { recorded } from "../../../builders/pull-context.ts";

const repository = makeLedgerClone();
afterAll(repository.remove);
const { sign, publicKey } = createSigner(newKey().pem);
const hostile = "best\u001b[31m | <img src=x> @everyone `/approve`";
const ask = (command: string, ...more: string[]) =>
  repository.run([command, "clone", "--pr", "12", "--key", publicKey, ...more]);

beforeAll(async () => {
  const claims = [{ source: "description", name: "model", value: hostile }];
  const adopted = recorded(botPull([max(because)], story, {}, { claims }));
  const end = { state: "closed", merged: { commit: merged, tree, by: null } } as const;
  repository.publish(await signStory(sign, recorded(botPull([], adopted, {}, end))));
});

test("ledger bundle of an adopted pull request: no prompt, and claims as claims", async () => {
  const { exit, out } = await ask("bundle", "--json");
  expect(exit).toBe(0);
  expect(AdoptionBundle.parse(JSON.parse(out))).toMatchObject({
    state: "adopted",
    prompt: null,
    commit: head,
    claims: [{ source: "description", name: "model", value: hostile }],
  });
});

test("T126, T189: for people, what the change says of itself is text and nothing else", async () => {
  const { out } = await ask("bundle");
  for (const part of ["# Adoption of #12", "none is recorded", "## Claims", "Nobody checked it", "(id 30)"])
    expect(out).toContain(part);
  for (const raw of ["\u001b", "<img", "@everyone", "`/approve`"]) expect(out).not.toContain(raw);
});

test("ledger verify --pr ends at the person and says what that does not prove", async () => {
  const { exit, out } = await ask("verify");
  expect(exit).toBe(0);
  expect(out).toMatch(/adoption +entry \d+ +2 commits up to 2{40}, by @max \(id 30\): I read it/);
  expect(out).toMatch(/claims +entry \d+ +unchecked: model: best/);
  expect(out).toContain("No run made them");
  expect(out).not.toContain("\u001b");
});

test("ledger show counts the claims of an entry", async () => {
  const { out } = await repository.run(["show", "clone", "--kind", "change.adopted"]);
  expect(out).toContain("pull 12, claims 1");
});
