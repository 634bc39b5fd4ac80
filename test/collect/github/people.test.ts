import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Octokit } from "@octokit/core";
import { readNumber, readPermission } from "../../../collect/github/people.ts";
import type { GitHub } from "../../../collect/github/request.ts";
import { known } from "../../../core/known.ts";
import { type Sandbox, startSandbox } from "../../../sandbox/server/server.ts";
import { Policy } from "../../../schemas/policy.ts";
import type { Duty } from "../../../schemas/policy-values.ts";

let dir: string;
let sandbox: Sandbox;
let github: GitHub;
let team: number;

const grace = { id: 801, login: "grace", type: "User" as const };

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "people-"));
  sandbox = await startSandbox({
    dir: join(dir, "github"),
    seed: {
      users: [
        { login: "grace", id: grace.id, token: "ghp_grace" },
        { login: "lena", id: 802, token: "ghp_lena" },
      ],
      organizations: [
        { login: "acme", owners: ["lena"], members: ["grace"], teams: [{ slug: "qa", members: ["grace"] }] },
      ],
      repositories: [{ full_name: "acme/web", files: { a: "1\n" }, collaborators: { grace: "write", lena: "admin" } }],
    },
  });
  const { request } = new Octokit({ baseUrl: sandbox.url, auth: "ghp_lena" });
  github = { request, owner: "acme", repo: "web" };
  team = (await request("GET /orgs/{org}/teams/{team_slug}", { org: "acme", team_slug: "qa" })).data.id;
});
afterAll(async () => {
  await sandbox.close();
  rmSync(dir, { recursive: true, force: true });
});

/** The duties of grace where the policy names these approvers. */
async function dutiesUnder(...approvers: string[]): Promise<Duty[]> {
  const { people } = Policy.parse({ version: 1, people: { approvers } });
  const permission = await readPermission(github, grace, people);
  if (!permission.known) throw new Error(permission.why);
  return permission.value.duties;
}

describe("who a name of the policy means", () => {
  test.each<[string, () => string, Duty[]]>([
    ["a login, in any case", () => "@Grace", ["approvers"]],
    ["another login", () => "@lena", []],
    ["a login with its number", () => "@grace#801", ["approvers"]],
    ["T111: a login that another account has taken over", () => "@grace#800", []],
    ["T111: an account that was renamed", () => "@gracie#801", ["approvers"]],
    ["a team", () => "@acme/qa", ["approvers"]],
    ["a team with its number", () => `@acme/qa#${team}`, ["approvers"]],
    ["T107: a team that was made anew under its name", () => `@acme/qa#${team + 1}`, []],
    ["T107: a team that is gone", () => `@acme/gone#${team}`, []],
  ])("%s", async (_, name, held) => {
    expect(await dutiesUnder(name())).toEqual(held);
  });

  test("one of several names is enough", async () => {
    expect(await dutiesUnder("@lena#802", `@acme/qa#${team + 1}`, "@grace#801")).toEqual(["approvers"]);
  });

  test("T107: whether a team is the one that is meant is not known while GitHub does not tell", async () => {
    const { people } = Policy.parse({ version: 1, people: { approvers: [`@acme/qa#${team}`] } });
    const { request } = new Octokit({ baseUrl: sandbox.url, auth: "ghp_lena" });
    const broken = request.defaults({
      request: {
        hook: (send: (options: object) => unknown, options: { url: string }) => {
          if (options.url.endsWith("/teams/{team_slug}")) throw new Error("it is away");
          return send(options);
        },
      },
    });
    expect(await readPermission({ ...github, request: broken }, grace, people)).toMatchObject({
      known: false,
    });
  });
});

test.each<[string, string, () => number | null]>([
  ["an account", "@lena", () => 802],
  ["an account, whatever number is written", "@lena#1", () => 802],
  ["a team", "@acme/qa", () => team],
  ["nobody", "@nobody", () => null],
  ["no team", "@acme/none", () => null],
])("the number of %s", async (_, name, number) => {
  expect(await readNumber(github, name)).toEqual(known(number()));
});

test.each(["@grace#", "@grace#0", "@grace#01", "@grace#1#2", "@grace#x", "grace#1", "@acme/qa#1234567890123456"])(
  "%s is no name that a policy may hold",
  (name) => {
    expect(Policy.safeParse({ version: 1, people: { approvers: [name] } }).success).toBe(false);
  },
);
