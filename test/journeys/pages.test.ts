import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { clientFor, readerFor } from "../../app/demo/acting.ts";
import { demoPolicy, git, people } from "../../app/demo/governed.ts";
import { freePort } from "../../app/demo/hosts.ts";
import { startModels } from "../../app/demo/models.ts";
import { startProgram } from "../../app/settings/programs.ts";
import { type Sandbox, startSandbox } from "../../sandbox/server/server.ts";
import { expectConformance, type Watch, watchSandbox } from "../conformance/watch.ts";
import { browserPath, type Eyes, openEyes } from "../hosts/browser.ts";
import { asker } from "../hosts/store-and-github.ts";
import { approve, askForPlan, openStory } from "../hosts/story-steps.ts";
import { waitUntil } from "../hosts/until.ts";

const lookAt = browserPath === null ? test.skip : test;

let dir: string;
let sandbox: Sandbox;
let watch: Watch;
let models: Awaited<ReturnType<typeof startModels>>;
let eyes: Eyes | undefined;
const running: ChildProcess[] = [];
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "first-hour-"));
  models = await startModels();
  sandbox = await startSandbox({
    seed: {
      users: Object.values(people),
      organizations: [
        { login: "acme", owners: ["lena"], members: ["quinn", "max"], teams: [{ slug: "qa", members: ["quinn"] }] },
      ],
      repositories: [
        {
          full_name: "acme/governed",
          files: {
            "README.md": "# Governed\n",
            "governance/README.md": "# Governance\n",
            "docs/decisions/sallyport-demo.md": "# Decision 1: a place for the demo\n",
            "src/greeting.ts": "export const greeting = 1;\n",
            "test/greeting.test.ts": "test();\n",
          },
          collaborators: { lena: "admin", quinn: "write", max: "write" },
          ci: [{ name: "test", conclusion: "success", delay_ms: 50 }],
        },
      ],
    },
  });
  watch = watchSandbox(sandbox);
  if (browserPath !== null) eyes = await openEyes();
}, 180_000);
afterAll(async () => {
  await eyes?.close();
  for (const child of running) if (child.exitCode === null && child.kill("SIGTERM")) await once(child, "exit");
  await sandbox.close();
  await models.close();
  await rm(dir, { recursive: true, force: true });
}, 30_000);

/** Starts a command in the user's folder, and waits for what it prints. */
async function start(args: string[], wanted: RegExp): Promise<{ child: ChildProcess; found: string }> {
  const child = startProgram("sallyport", args, {
    cwd: dir,
    env: { PATH: process.env.PATH, ANTHROPIC_API_KEY: "not-a-key", ANTHROPIC_BASE_URL: models.url },
  });
  running.push(child);
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said += chunk.toString("utf8");
  });
  const found = await waitUntil(`${args[0]} to say ${wanted}`, async () => wanted.exec(said)?.[1]);
  return { child, found };
}

const file = (path: string) => `contents/${path}`;
const base64 = (text: string) => Buffer.from(text).toString("base64");

lookAt(
  "from `sallyport setup` to the first verdict in five minutes and eight steps, then from a story to the evidence of its merge",
  async () => {
    if (eyes === undefined) throw new Error("the browser did not start");
    const { page, complaints, look } = eyes;
    const [lena, quinn, max] = [
      clientFor(sandbox.url, "lena"),
      clientFor(sandbox.url, "quinn"),
      clientFor(sandbox.url, "max"),
    ];
    const seen = readerFor(sandbox.url, "lena");
    const road = { lena, quinn, seen };
    const as = (person: keyof typeof people, method: string, path: string, body?: unknown) =>
      asker(sandbox.url, "acme/governed")(people[person].token.replace("ghp_", ""), method, path, body);
    const port = await freePort();
    const at = `http://127.0.0.1:${port}`;
    const policies: string[] = [];
    page.on("response", (response) => {
      const policy = response.headers()["content-security-policy"];
      if (response.url().startsWith(at) && policy !== undefined) policies.push(policy);
    });

    const began = Date.now();
    const steps: string[] = [];
    const step = (text: string) => steps.push(`${((Date.now() - began) / 1_000).toFixed(1).padStart(6)} s  ${text}`);

    step("run `npx sallyport setup`");
    const webhook = `${at}/api/github/webhooks`;
    const where = ["--github-url", sandbox.url, "--webhook-url", webhook];
    const setup = await start(["setup", "--org", "acme", "--name", "Sallyport Acme", ...where], /(http:\/\/\S+\/)/);
    await page.goto(setup.found);
    expect(await look("setup")).toEqual([]);
    step("press its button");
    await page.getByRole("button", { name: "Create the GitHub App" }).click();
    await page.getByRole("heading", { name: "Install Sallyport Acme on acme" }).waitFor();
    step("choose the repositories");
    await page.getByLabel("acme/governed").check();
    await page.getByRole("button", { name: "Install" }).click();
    await page.getByRole("heading", { name: "Sallyport Acme is installed" }).waitFor();
    step("run `npx sallyport serve`");
    await start(["serve"], /listening on (http:\/\/\S+)/);
    const [proposal] = await waitUntil("the first policy's pull request", async () => {
      const open = await seen.openPulls();
      return open.length > 0 && open;
    });
    if (proposal === undefined) throw new Error("there is no proposal");
    step("name people in the pull request that it opens");
    const draft = await as("lena", "GET", `${file(".github/sallyport.yml")}?ref=${proposal.branch}`);
    const [key = ""] = /ed25519:[^"]+/.exec(Buffer.from(draft.content, "base64").toString("utf8")) ?? [];
    const content = base64(demoPolicy(key));
    const edit = { message: "Name people", branch: proposal.branch, sha: draft.sha, content };
    const { commit } = await as("lena", "PUT", file(".github/sallyport.yml"), edit);
    step("merge it");
    expect(await lena.merge(proposal.number, commit.sha)).toMatchObject({ ok: true });
    step("open a pull request");
    const clone = join(dir, "clone");
    const remote = `http://max:${people.max.token}@127.0.0.1:${sandbox.port}/acme/governed.git`;
    await git(dir, ["clone", "--quiet", "--", remote, clone], "max");
    await git(clone, ["checkout", "--quiet", "-b", "tidy"], "max");
    await writeFile(join(clone, "governance", "README.md"), "# Tidied\n");
    await git(clone, ["commit", "--quiet", "--all", "--message", "Tidy"], "max");
    await git(clone, ["push", "--quiet", "origin", "HEAD:refs/heads/tidy"], "max");
    // A title that would like to be markup.
    const forbidden = await max.openPull("tidy", "main", "<script>alert(1)</script> Tidy the governance folder");
    const tip = await git(clone, ["rev-parse", "HEAD"]);
    const first = await waitUntil("the first verdict", async () =>
      (await seen.checks(tip)).find((one) => one.name === "sallyport" && one.status === "completed"),
    );
    step("the first verdict is there");
    expect(first).toMatchObject({ conclusion: "failure", title: "1 gate fails: forbidden-paths" });
    console.info(["From setup to the first verdict:", ...steps].join("\n"));
    expect(steps.length - 1).toBeLessThanOrEqual(8);
    expect(Date.now() - began).toBeLessThan(300_000);
    expect((await readFile(join(dir, ".env"), "utf8")).includes(`PUBLIC_URL=${at}`)).toBe(true);

    const app = sandbox.state.apps.find(({ slug }) => slug === "sallyport-acme");
    await as("lena", "PUT", "branches/main/protection", {
      required_status_checks: { strict: false, contexts: [], checks: [{ context: "sallyport", app_id: app?.id }] },
      enforce_admins: true,
      required_pull_request_reviews: null,
      restrictions: null,
    });

    const { story } = await openStory(road);
    const digest = await askForPlan(road, story);
    await page.goto(`${at}/`);
    await page.getByRole("link", { name: "quinn" }).click();
    await page.getByRole("heading", { level: 1, name: "Inbox" }).waitFor();
    await page.getByText(`/approve ${digest}`).waitFor();
    expect(await look("inbox")).toEqual([]);

    await approve(road, story, digest);
    await lena.label(story, "ai:run");
    const pull = await waitUntil("the pull request", async () =>
      (await seen.openPulls()).find((one) => one.branch.startsWith("sallyport/run-")),
    );
    const check = async (status: string) =>
      (await seen.checks(pull.sha)).find((one) => one.name === "sallyport" && one.status === status);
    await waitUntil("CI", async () =>
      (await seen.checks(pull.sha)).find((one) => one.name === "test" && one.status === "completed"),
    );
    await waitUntil("the waiting check", async () => /sign-off/.test((await check("in_progress"))?.title ?? ""));

    // What the check shows, and what its Details open.
    await page.goto(`${sandbox.url}/acme/governed/pull/${pull.number}`);
    const shown = page.locator("#check-sallyport");
    await shown.getByText("Waiting for 1 sign-off").first().waitFor();
    await shown.getByRole("link", { name: "Details" }).click();
    await page.getByRole("heading", { name: "What blocks" }).waitFor();
    await page.getByText(`/sign-off ${pull.sha}`, { exact: false }).first().waitFor();
    expect(await look("verdict-waits")).toEqual([]);

    await page.goto(`${at}/repositories/acme/governed/pulls/${forbidden}`);
    await page.getByText("forbidden-paths").first().waitFor();
    expect(await look("verdict-fails")).toEqual([]);

    await page.getByRole("link", { name: "Stuck" }).click();
    await page.getByText("Tidy the governance folder").waitFor();
    expect(await look("stuck")).toEqual([]);

    await page.goto(`${sandbox.url}/acme/governed/pull/${pull.number}`);
    await page.getByLabel("Comment").fill(`/sign-off ${pull.sha} pass manual\nEnvironment: my desk\nIt works.`);
    await page.getByLabel("As").first().selectOption("quinn");
    await page.getByRole("button", { name: "Comment" }).click();
    await page.getByText("It works.").waitFor();
    await waitUntil("the green check", async () => (await check("completed"))?.conclusion === "success");
    await waitUntil("the merge", async () => {
      await page.goto(`${sandbox.url}/acme/governed/pull/${pull.number}`);
      await page.getByLabel("As").last().selectOption("lena");
      await page.getByRole("button", { name: "Merge" }).click();
      return /^merged/.test(await page.locator("h1 + p").innerText());
    });
    await waitUntil("the merge in the ledger", async () => {
      await page.goto(`${at}/repositories/acme/governed/pulls/${pull.number}/evidence`);
      return /No link is missing/.test(await page.locator("main").innerText());
    });
    await page.goto(`${at}/repositories/acme/governed/pulls/${pull.number}`);
    expect(await look("verdict-passes")).toEqual([]);
    await page.getByRole("link", { name: "Evidence" }).click();
    await page.getByText("No link is missing").waitFor();
    expect(await look("evidence")).toEqual([]);
    await page
      .getByRole("link", { name: /^entry/ })
      .first()
      .click();
    expect(await look("entry")).toEqual([]);

    await page.goto(`${at}/repositories/acme/governed/stories/${story}`);
    await page.getByRole("heading", { name: "What happened" }).waitFor();
    expect(await look("story")).toEqual([]);
    await page.getByRole("link", { name: "R0/S0" }).first().click();
    await page.getByRole("heading", { name: "What it changes" }).waitFor();
    expect(await look("attempt")).toEqual([]);
    await page.getByRole("link", { name: "Repositories" }).click();
    expect(await look("repositories")).toEqual([]);
    await page.getByRole("link", { name: "acme/governed" }).click();
    expect(await look("repository")).toEqual([]);
    await page.getByRole("link", { name: "Gates" }).click();
    await page.getByText("forbidden-paths").waitFor();
    expect(await look("gates")).toEqual([]);
    await page.getByRole("link", { name: "Health" }).click();
    await page.getByText("Nothing was given up.").waitFor();
    expect(await look("health")).toEqual([]);
    await page.goto(`${at}/repositories/acme/governed`);

    // By the keyboard alone: the first stop leads past the navigation, and the filter is sent.
    await page.keyboard.press("Tab");
    await page.getByRole("link", { name: "Skip to the content" }).press("Enter");
    await page.getByLabel("State").selectOption("failure");
    await page.getByRole("button", { name: "Filter" }).press("Enter");
    await page.waitForURL(/state=failure/);
    expect(await page.locator("tbody tr").count()).toBe(1);
    expect(complaints).toEqual([]);

    // Whoever may not read the repository sees as little of it as of one that does not exist.
    const answers = await Promise.all(
      ["governed/pulls/999", "governed", "nothing"].map(async (name) =>
        page.request.get(`${at}/repositories/acme/${name}`),
      ),
    );
    expect(answers.map((answer) => answer.status())).toEqual([404, 200, 404]);
    await page.goto(`${at}/sign-out`);
    expect(await look("signed-out")).toEqual([]);
    expect(await page.context().cookies(at)).toEqual([]);
    expect(policies.filter((one) => !/^default-src 'none'/.test(one) || /unsafe|\*/.test(one))).toEqual([]);
    await expectConformance(watch);
  },
  600_000,
);
