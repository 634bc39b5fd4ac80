import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Caller, type IssueSide, startIssueSide } from "../../hosts/sandbox-issues.ts";

let side: IssueSide;
beforeAll(async () => {
  side = await startIssueSide();
});
afterAll(() => side.close());

describe("a person's permission", () => {
  test.each([
    ["admin", "admin", "admin"],
    ["writer", "write", "write"],
    ["triager", "read", "triage"],
    ["reader", "read", "read"],
    ["outsider", "read", "read"],
  ])("%s: %s, by role %s", async (login, permission, role) => {
    const answer = await side.call("app", "GET", `collaborators/${login}/permission`);
    expect(answer).toMatchObject({
      status: 200,
      body: { permission, role_name: role, user: { login, type: "User" } },
    });
  });

  test("on a private repository is none for those outside", async () => {
    const answer = await side.call("admin", "GET", "/repos/acme/vault/collaborators/outsider/permission");
    expect(answer).toMatchObject({ status: 200, body: { permission: "none" } });
  });

  test("of nobody is not found", async () => {
    expect((await side.call("app", "GET", "collaborators/nobody-at-all/permission")).status).toBe(404);
  });

  test("is told to those who may write only", async () => {
    expect((await side.call("outsider", "GET", "collaborators/writer/permission")).status).toBe(403);
    expect((await side.call("nobody", "GET", "collaborators/writer/permission")).status).toBe(401);
  });
});

describe("collaborators", () => {
  test("are listed with their role and asked after", async () => {
    const { body } = await side.call<{ login: string; role_name: string }[]>("writer", "GET", "collaborators");
    expect(body.find(({ login }) => login === "triager")).toMatchObject({
      role_name: "triage",
      permissions: { pull: true, triage: true, push: false, maintain: false, admin: false },
    });
    expect(body.map(({ login }) => login)).not.toContain("outsider");
    expect((await side.call("writer", "GET", "collaborators/reader")).status).toBe(204);
    expect((await side.call("writer", "GET", "collaborators/outsider")).status).toBe(404);
  });

  test("are changed by an admin only", async () => {
    const put = (who: Caller) => side.call(who, "PUT", "collaborators/triager", { permission: "maintain" });
    expect((await put("writer")).status).toBe(403);
    expect((await put("admin")).status).toBe(204);
    const changed = await side.call("app", "GET", "collaborators/triager/permission");
    expect(changed.body).toMatchObject({ permission: "write", role_name: "maintain" });
    expect((await side.call("writer", "DELETE", "collaborators/triager")).status).toBe(403);
    expect((await side.call("admin", "DELETE", "collaborators/triager")).status).toBe(204);
    expect((await side.call("writer", "GET", "collaborators/triager")).status).toBe(404);
  });

  test("cannot be given a role that is none", async () => {
    const answer = await side.call("admin", "PUT", "collaborators/reader", { permission: "emperor" });
    expect(answer.status).toBe(422);
  });
});

describe("organizations and teams", () => {
  test.each([
    ["/orgs/acme", { login: "acme", type: "Organization" }],
    ["/orgs/acme/teams", [{ slug: "leads" }]],
    ["/orgs/acme/teams/leads", { slug: "leads", members_count: 1, repos_count: 1, organization: { login: "acme" } }],
    ["/orgs/acme/teams/leads/members", [{ login: "writer" }]],
    ["/orgs/acme/teams/leads/memberships/writer", { state: "active", role: "member" }],
    ["/orgs/acme/members", [{ login: "admin" }, { login: "writer" }]],
    ["/orgs/acme/teams/leads/repos", [{ full_name: "acme/web" }]],
  ])("%s", async (path, expected) => {
    expect(await side.call("app", "GET", path)).toMatchObject({ status: 200, body: expected });
  });

  test("the teams of a repository are shown to those who may write, and to apps with administration: read", async () => {
    const answer = await side.call("writer", "GET", "teams");
    expect(answer).toMatchObject({ status: 200, body: [{ slug: "leads", permission: "push" }] });
    expect((await side.call("app", "GET", "teams")).status).toBe(403);
    expect((await side.call("reader", "GET", "teams")).status).toBe(403);
  });

  test("membership of an organization", async () => {
    expect((await side.call("app", "GET", "/orgs/acme/members/writer")).status).toBe(204);
    expect((await side.call("app", "GET", "/orgs/acme/members/reader")).status).toBe(404);
  });

  test.each([
    "/orgs/nowhere",
    "/orgs/acme/teams/nobodies",
    "/orgs/acme/teams/leads/memberships/reader",
    "/orgs/acme/teams/leads/memberships/nobody-at-all",
  ])("%s is not found", async (path) => {
    expect((await side.call("app", "GET", path)).status).toBe(404);
  });

  test.each(["/orgs/acme/teams", "/orgs/acme/teams/leads", "/orgs/acme/teams/leads/members"])(
    "%s is closed to an app without members: read, and to strangers",
    async (path) => {
      expect((await side.call("bystander", "GET", path)).status).toBe(403);
      expect((await side.call("nobody", "GET", path)).status).toBe(401);
      expect((await side.call("outsider", "GET", path)).status).toBe(404);
    },
  );
});
