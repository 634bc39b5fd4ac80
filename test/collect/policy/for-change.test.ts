import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type GitObjects, gitObjects } from "../../../collect/git/objects.ts";
import { apiObjects } from "../../../collect/github/objects.ts";
import type { Objects } from "../../../collect/objects.ts";
import { readPolicy } from "../../../collect/policy/file.ts";
import { policyForChange } from "../../../collect/policy/for-change.ts";
import { commitFiles, file, makeRepository } from "../../builders/git-repository.ts";
import { gitApi } from "../../hosts/git-api.ts";

const path = ".github/sallyport.yml";
const people = 'people: { architects: ["@ada"], approvers: ["@quinn"] }\n';
const good = `version: 1\n${people}gates: { forbidden-paths: { deny: [a] } }\n`;
const weak = "version: 1\n";
const broken = "version: 1\ngate: 1\n";

const repository = makeRepository();
let clone: GitObjects;
const readers: [string, () => Objects][] = [
  ["a git directory", () => clone],
  ["GitHub", () => apiObjects({ request: gitApi(repository.dir), owner: "o", repo: "r" })],
];
beforeAll(() => {
  clone = gitObjects(repository.dir);
});
afterAll(() => {
  clone.close();
  repository.remove();
});

function commit(policy: string | null, ...parents: string[]): string {
  const files: Record<string, string> = {
    a: `${parents.length} ${parents[0]}`,
    ...(policy === null ? {} : { [path]: policy }),
  };
  return commitFiles(repository.dir, new Map(Object.entries(files).map(([name, text]) => [name, file(text)])), parents);
}

async function ask(objects: Objects, main: string, head: string) {
  const [policy, changes] = [await readPolicy(objects, main), await objects.changes(main, head)];
  return policyForChange(objects, { policy, changes, head });
}

describe.each(readers)("H15: the policy for a change, from %s", (_, reader) => {
  const states = async (main: string, head: string) => {
    const { policy, proposed } = await ask(reader(), main, head);
    return [
      policy.known ? policy.value.state : policy.why,
      proposed.known ? (proposed.value?.state ?? null) : proposed.why,
    ];
  };

  test("a head that breaks it is judged by the one that stands", async () => {
    const main = commit(good);
    expect(await states(main, commit(broken, main))).toEqual(["loaded", "malformed"]);
    expect(await states(main, commit(null, main))).toEqual(["loaded", "absent"]);
    expect(await states(main, commit(good, main))).toEqual(["loaded", null]);
  });

  test.each<[string, string | null]>([
    ["broken", broken],
    ["removed", null],
  ])("a repair of one that is %s is judged by the last valid one, with an architect's review", async (_name, text) => {
    const last = commit(good, commit(weak));
    const main = commit(text, commit(text, last));
    const { policy, proposed } = await ask(reader(), main, commit(weak, main));
    expect(policy).toMatchObject({
      value: {
        state: "loaded",
        ref: last,
        isRepair: true,
        policy: { gates: { "forbidden-paths": { deny: ["a"] }, protected: { paths: [path], by: "architects" } } },
      },
    });
    expect(proposed).toMatchObject({ value: { state: "loaded" } });
  });

  test("every other change stays blocked: one that leaves it broken, and one that does not touch it", async () => {
    const main = commit(broken, commit(good));
    expect(await states(main, commit(`${broken}x: 1\n`, main))).toEqual(["malformed", "malformed"]);
    expect(await states(main, commit(broken, main))).toEqual(["malformed", null]);
    const removed = commit(null, commit(good));
    expect(await states(removed, commit(null, removed))).toEqual(["absent", null]);
  });

  test("a valid one that only a side branch had, or none, judges nothing", async () => {
    const root = commit(broken);
    const merge = commit(broken, root, commit(weak, root));
    expect(await states(merge, commit(good, merge))).toEqual(["malformed", "loaded"]);
  });

  test("without architects the approvers review it", async () => {
    const main = commit(broken, commit(good.replace('architects: ["@ada"], ', "")));
    expect((await ask(reader(), main, commit(good, main))).policy).toMatchObject({
      value: { policy: { gates: { protected: { by: "approvers" } } } },
    });
  });

  test("U3: a policy that never was is told from one that was removed, and by which commit", async () => {
    const never = commit(null, commit(null));
    expect((await ask(reader(), never, commit(good, never))).policy).toMatchObject({
      value: { state: "absent", removedBy: null },
    });
    const removed = commit(null, commit(good));
    expect(await readPolicy(reader(), commit(null, removed))).toMatchObject({ value: { removedBy: removed } });
  });
});
