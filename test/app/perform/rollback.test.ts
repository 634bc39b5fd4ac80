import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Effect } from "../../../core/effects.ts";
import { change, openPull, tip, written } from "../../builders/effect-scenes.ts";
import { type Acme, type Json, startAcme } from "../../hosts/store-and-github.ts";

let acme: Acme;
beforeAll(async () => {
  acme = await startAcme();
});
afterAll(() => acme.close());

type RollBack = Extract<Effect, { type: "roll-back" }>;
type Branch = { branch: string; pull: number; commits: [string, string] };

let count = 0;
const rollBack = ({ branch, commits }: Branch, more: Partial<RollBack> = {}): RollBack => ({
  ...{ type: "roll-back", key: `rollback/9/${++count}`, branch, to: commits[0] },
  ...{ undone: [commits[1]], comment: "Taken back to the checkpoint." },
  ...more,
});

/** A branch of ours with a pull request and two commits on it. */
async function twice(): Promise<Branch> {
  const { branch, head } = await written(acme);
  const opened = await acme.perform(openPull({ branch, head }));
  const second = await acme.perform(
    await change(acme, [{ path: "web/more.html", content: `${++count}\n` }], { branch, parent: head }),
  );
  if (opened.type !== "pull" || second.type !== "commit") throw new Error("nothing was written");
  return { branch, pull: opened.number, commits: [head, second.commit] };
}

const pull = (number: number): Promise<Json> => acme.as("lena", "GET", `pulls/${number}`);
const exists = async (branch: string) => (await acme.as("lena", "GET", `git/matching-refs/heads/${branch}`)).length > 0;
/** The writes to branches and pull requests since this was last asked. */
const moved = () => acme.written().filter((one) => /refs|pulls|comments/.test(one));

/** Expects a refusal before anything was written to GitHub. */
async function refused(effect: RollBack, code: string): Promise<void> {
  acme.written();
  await expect(acme.perform(effect)).rejects.toMatchObject({ code, retry: false });
  expect(moved()).toEqual([]);
}

describe("D14: back to a commit", () => {
  test("the branch stands there again and its pull request stays open, however often it is asked for", async () => {
    const place = await twice();
    const effect = rollBack(place);
    acme.written();
    for (let again = 0; again < 2; again++)
      expect(await acme.perform(effect)).toEqual({ type: "rolled-back", closed: [] });
    expect(moved()).toHaveLength(1);
    expect(await pull(place.pull)).toMatchObject({ state: "open", head: { sha: place.commits[0] } });
  });

  test("T251 whose answer was lost is found done at the next try", async () => {
    const place = await twice();
    const path = `/repos/acme/web/git/refs/heads(/|%2F)${place.branch.replaceAll("/", "(/|%2F)")}$`;
    acme.sandbox.fault({ kind: "status", method: "PATCH", path, status: 502, after: true });
    acme.written();
    expect(await acme.settle(rollBack(place))).toEqual({
      ...{ result: { type: "rolled-back", closed: [] }, tries: 2 },
    });
    expect(moved()).toHaveLength(1);
    expect(await tip(acme, place.branch)).toBe(place.commits[0]);
  });

  test("what was taken off is still in git", async () => {
    const place = await twice();
    await acme.perform(rollBack(place));
    expect(await acme.as("lena", "GET", `git/commits/${place.commits[1]}`)).toMatchObject({
      sha: place.commits[1],
    });
  });
});

describe("D14: back to nothing", () => {
  test("the pull request is closed with one line, and the branch goes", async () => {
    const place = await twice();
    const effect = rollBack(place, { to: null, undone: place.commits });
    for (let again = 0; again < 2; again++)
      expect(await acme.perform(effect)).toEqual({ type: "rolled-back", closed: [place.pull] });
    expect(await pull(place.pull)).toMatchObject({ state: "closed", merged: false });
    expect(await exists(place.branch)).toBe(false);
    const comments: Json[] = await acme.as("lena", "GET", `issues/${place.pull}/comments`);
    expect(comments.map((one) => one.body.split("\n")[0])).toEqual(["Taken back to the checkpoint."]);
  });

  test("a pull request that a person closed before gets no word of ours", async () => {
    const place = await twice();
    await acme.as("lena", "PATCH", `pulls/${place.pull}`, { state: "closed" });
    await acme.perform(rollBack(place, { to: null, undone: place.commits }));
    expect(await acme.as("lena", "GET", `issues/${place.pull}/comments`)).toEqual([]);
    expect(await exists(place.branch)).toBe(false);
  });
});

describe("is refused, and nothing is lost", () => {
  test.each([null, "first"])("T253 when somebody else has pushed to the branch (to %s)", async (to) => {
    const place = await twice();
    await acme.as("wes", "PUT", "contents/web/own.txt", {
      message: "Mine",
      content: Buffer.from("mine\n").toString("base64"),
      branch: place.branch,
    });
    const theirs = await tip(acme, place.branch);
    const back = to === null ? { to, undone: place.commits } : {};
    await refused(rollBack(place, back), "foreign-commit");
    expect(await tip(acme, place.branch)).toBe(theirs);
    expect(await pull(place.pull)).toMatchObject({ state: "open", head: { sha: theirs } });
  });

  test("when the pull request was merged meanwhile", async () => {
    const place = await twice();
    await acme.as("lena", "PUT", `pulls/${place.pull}/merge`, {});
    await refused(rollBack(place), "pull-closed");
  });

  test("when the branch was deleted by hand and a commit is to stand on it", async () => {
    const place = await twice();
    await acme.as("lena", "DELETE", `git/refs/heads/${place.branch}`);
    await refused(rollBack(place), "not-found");
  });

  test.each(["main", "sallyport/evidence", "sallyport/run-1-1/../main", "sallyport/run-1-1"])(
    "T191 for the branch %s",
    async (branch) => {
      await refused(rollBack({ branch, pull: 1, commits: ["a".repeat(40), "b".repeat(40)] }), "bad-input");
    },
  );
});
