import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { startTestService, type TestService } from "../hosts/app.ts";
import { waitUntil } from "../hosts/until.ts";

let site: TestService;
beforeAll(async () => {
  site = await startTestService({
    policy: "",
    config: { onboarding: true },
    repository: {
      files: {
        "README.md": "# Governed\n",
        "src/greeting.ts": "export const greeting = 1;\n",
        "test/greeting.test.ts": "test();\n",
        ".github/CODEOWNERS": "* @lena @quinn\n",
        ".github/workflows/ci.yml": "on: pull_request\njobs: { unit: { runs-on: x, steps: [{ run: make }] } }\n",
      },
      labels: [{ name: "story", color: "123456", description: "Ours." }],
      installed: [],
    },
  });
}, 60_000);
afterAll(() => site.close());

const pulls = () => site.as("lena", "GET", "pulls?state=all");

test("U4: an App that is installed makes its labels, proposes a policy once, and stays neutral until it is merged", async () => {
  const order = { app: "sallyport", repositories: ["acme/governed"], by: "lena" };
  await site.as("lena", "POST", "/_sandbox/installations", order);
  const [pull] = await waitUntil("the proposal", async () => {
    const all = await pulls();
    return all.length > 0 && all;
  });
  expect(pull).toMatchObject({ user: { login: "sallyport[bot]" }, base: { ref: "main" }, state: "open" });
  const text = async (path: string) => {
    const { content } = await site.as("lena", "GET", `contents/${path}?ref=sallyport/setup`);
    return Buffer.from(content, "base64").toString("utf8");
  };
  const policy = await text(".github/sallyport.yml");
  for (const part of ['"src/**"', '"test/**"', 'approvers: ["@lena", "@quinn"]', "@github-actions/unit", "ed25519:"])
    expect(policy).toContain(part);
  expect(pull.body).toContain('approvers: ["@lena", "@quinn"]');
  expect(await text(".github/ISSUE_TEMPLATE/story.yml")).toContain("labels: [story]");

  const labels = await site.as("lena", "GET", "labels?per_page=100");
  const named = (name: string) => labels.find((one: { name: string }) => one.name === name);
  expect(named("story")).toMatchObject({ color: "123456", description: "Ours." });
  expect(named("ai:plan")).toMatchObject({ color: "5319e7" });

  const check = await waitUntil("the check", async () => site.checkOn(pull.head.sha));
  expect(check).toMatchObject({ conclusion: "neutral" });

  await site.as("lena", "PATCH", `pulls/${pull.number}`, { state: "closed" });
  await site.as("lena", "DELETE", "git/refs/heads/sallyport/setup");
  await site.as("lena", "DELETE", "labels/ai:run");
  await site.restart();
  await waitUntil("the label again", async () => {
    const again = await site.as("lena", "GET", "labels?per_page=100");
    return again.some((one: { name: string }) => one.name === "ai:run");
  });
  await site.sandbox.settled();
  expect((await pulls()).length).toBe(1);
}, 120_000);
