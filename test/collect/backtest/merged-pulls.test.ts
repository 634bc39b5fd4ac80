import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Octokit } from "@octokit/core";
import { readMergedPulls } from "../../../collect/backtest/merged-pulls.ts";
import { policyReading } from "../../../collect/policy/file.ts";
import { commitFiles, file, makeRepository, plainGit } from "../../builders/git-repository.ts";
import { gitApi, type Json } from "../../hosts/git-api.ts";

let repository: ReturnType<typeof makeRepository>;
let base: string;
let head: string;
beforeAll(() => {
  repository = makeRepository();
  const { dir } = repository;
  base = commitFiles(dir, new Map([["a", file("1\n")]]));
  head = commitFiles(dir, new Map([["a", file("1\n2\n")]]), [base]);
  plainGit(dir, ["update-ref", "refs/heads/main", base]);
  plainGit(dir, ["update-ref", "refs/heads/fix", head]);
});
afterAll(() => repository.remove());

const comparison = {
  before: { state: "absent", ref: "1".repeat(40), removedBy: null } as const,
  after: policyReading("1".repeat(40), "2".repeat(40), Buffer.from("version: 1\n")),
  secrets: false,
  day: "2026-11-21",
};

const minute = (number: number) => new Date(Date.UTC(2026, 0, 1, 0, number)).toISOString();

/** A pull request in GitHub's list; merged and last updated at these minutes. */
function listed(number: number, merged: number | null, updated: number, over: Json = {}): Json {
  return {
    number,
    title: `Change ${number}`,
    body: null,
    labels: [{ name: "b" }, { name: "a" }],
    user: { id: 5, login: "ada", type: "User" },
    merged_at: merged === null ? null : minute(merged),
    updated_at: minute(updated),
    base: { ref: "main", sha: base },
    head: { ref: "fix", sha: head },
    ...over,
  };
}

type Request = ReturnType<typeof gitApi>;

/** Sends the question for the list one way, and all others another. */
function split(list: Request, rest: Request): Request {
  const request = (route: string, options: Json) =>
    route.endsWith("/pulls") ? list(route, options) : rest(route, options);
  return Object.assign(request, rest) as Request;
}

/** GitHub with these pages of pull requests, everything else from the git directory; notes the pages that were asked for. */
function github(pages: Json[][]) {
  const asked: string[] = [];
  const rest = gitApi(repository.dir);
  const list = new Octokit({
    baseUrl: "http://api.invalid",
    request: {
      fetch: async (url: string) => {
        const { searchParams } = new URL(url);
        asked.push(url);
        return Response.json(pages[Number(searchParams.get("page")) - 1] ?? []);
      },
    },
  });
  return { asked, source: { request: split(list.request, rest), owner: "o", repo: "r" } };
}

async function numbers(pages: Json[][], last: number) {
  const { source, asked } = github(pages);
  const read = await readMergedPulls(source, { last, branch: "main" }, comparison, () => {});
  if (!read.known) throw new Error(read.why);
  return { found: read.value.map(({ pull }) => pull), pages: asked.length };
}

/** A page of a hundred that were closed without a merge, last updated from a minute on downwards. */
const unmerged = (from: number) => Array.from({ length: 100 }, (_, index) => listed(1_000 + index, null, from - index));

describe("the last merged pull requests", () => {
  test("by the time of their merge, whatever their last update; those not merged are left out", async () => {
    const page = [listed(1, 10, 90), listed(2, null, 80), listed(3, 30, 70), listed(4, 20, 60)];
    expect((await numbers([page], 2)).found).toEqual([3, 4]);
  });

  test("are looked for on further pages until no later one can be newer", async () => {
    const first = [listed(1, 400, 900), ...unmerged(800).slice(1)];
    const second = [listed(2, 600, 650), ...unmerged(640).slice(1)];
    const third = [listed(3, 300, 500)];
    expect(await numbers([first, second, third], 1)).toEqual({ found: [2], pages: 2 });
    expect(await numbers([first, second, third], 3)).toEqual({ found: [2, 1, 3], pages: 3 });
  });

  test("each once, although the list moved between two pages", async () => {
    const first = [listed(1, 400, 900), ...unmerged(800).slice(1)];
    expect((await numbers([first, [listed(1, 400, 600)]], 5)).found).toEqual([1]);
  });

  test("T016 a list that has no end is unknown, not cut short", async () => {
    const { source } = github(Array.from({ length: 40 }, () => unmerged(5_000)));
    const read = await readMergedPulls(source, { last: 3, branch: "main" }, comparison, () => {});
    expect(read).toMatchObject({ known: false, why: expect.stringContaining("ask for fewer") });
  });

  test("come with what the head changed against its base, and who wrote it", async () => {
    const { source } = github([[listed(7, 1, 2)]]);
    const told: number[][] = [];
    const read = await readMergedPulls(source, { last: 5, branch: "main" }, comparison, (...far) => told.push(far));
    expect(read).toMatchObject({
      known: true,
      value: [
        {
          sha: head,
          subject: "Change 7",
          pull: 7,
          before: null,
          after: {
            pull: { number: 7, author: { id: 5 }, body: "", labels: ["a", "b"] },
            mergeBase: { value: base },
            changes: { value: [{ path: "a", before: {}, after: {} }] },
            commits: { value: [{ sha: head }] },
          },
        },
      ],
    });
    expect(told).toEqual([[1, 1]]);
  });

  test("of a deleted account have GitHub's ghost for an author", async () => {
    const { source } = github([[listed(7, 1, 2, { user: null })]]);
    const read = await readMergedPulls(source, { last: 5, branch: "main" }, comparison, () => {});
    expect(read).toMatchObject({ value: [{ after: { pull: { author: { login: "ghost" } } } }] });
  });

  test("whose commits are gone are among them, with unknown facts", async () => {
    const gone = { ref: "fix", sha: "9".repeat(40) };
    const rest = gitApi(repository.dir, (path, body) => (path.includes("/compare/") ? 404 : body));
    const { source } = github([[listed(7, 1, 2, { head: gone })]]);
    const read = await readMergedPulls(
      { ...source, request: split(source.request, rest) },
      { last: 5, branch: "main" },
      comparison,
      () => {},
    );
    expect(read).toMatchObject({ known: true, value: [{ pull: 7, after: { changes: { known: false } } }] });
  });
});
