import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { git } from "../../app/demo/governed.ts";
import { expectConformance } from "../conformance/watch.ts";
import { browserPath, type Eyes, openEyes } from "../hosts/browser.ts";
import { type Journey, startJourney } from "../hosts/demo-world.ts";
import { approve, askForPlan, openStory } from "../hosts/story-steps.ts";
import { waitUntil } from "../hosts/until.ts";

const lookAt = browserPath === null ? test.skip : test;

let journey: Journey;
let eyes: Eyes | undefined;
beforeAll(async () => {
  if (browserPath === null) return;
  journey = await startJourney({ pages: true });
  eyes = await openEyes();
}, 180_000);
afterAll(async () => {
  if (browserPath === null) return;
  await eyes?.close();
  await journey.close();
}, 30_000);

lookAt(
  "a person signs in and looks at everything, from what waits for them to the evidence of a merge",
  async () => {
    if (eyes === undefined) throw new Error("the browser did not start");
    const { page, complaints, look } = eyes;
    const at = journey.service().url;
    const { lena, quinn, max, seen, sandbox } = journey;

    // A person's pull request that the policy forbids, and a title that would like to be markup.
    const path = journey.governed.path;
    await git(path, ["checkout", "--quiet", "-b", "tidy"], "max");
    await writeFile(join(path, "governance", "README.md"), "# Tidied\n");
    await git(path, ["commit", "--quiet", "--all", "--message", "Tidy"], "max");
    await git(path, ["push", "--quiet", "--", journey.cloneUrl, "HEAD:refs/heads/tidy"], "max");
    const forbidden = await max.openPull("tidy", "main", "<script>alert(1)</script> Tidy the governance folder");

    const { story } = await openStory(journey);
    const digest = await askForPlan(journey, story);
    await page.goto(`${at}/`);
    await page.getByRole("link", { name: "quinn" }).click();
    await page.getByRole("heading", { level: 1, name: "Inbox" }).waitFor();
    await page.getByText(`/approve ${digest}`).waitFor();
    expect(await look("inbox")).toEqual([]);

    await approve(journey, story, digest);
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

    // What Details of the check opens.
    const run = sandbox.state.repositories[0]?.runs.findLast(
      (one) => one.name === "sallyport" && one.details_url !== null && one.suite.headSha === pull.sha,
    );
    await page.goto(run?.details_url ?? "");
    await page.getByRole("heading", { name: "What blocks" }).waitFor();
    await page.getByText(`/sign-off ${pull.sha}`, { exact: false }).first().waitFor();
    expect(await look("verdict-waits")).toEqual([]);

    await page.goto(`${at}/repositories/acme/governed/pulls/${forbidden}`);
    await page.getByText("forbidden-paths").first().waitFor();
    expect(await look("verdict-fails")).toEqual([]);

    await page.getByRole("link", { name: "Stuck" }).click();
    await page.getByText("Tidy the governance folder").waitFor();
    expect(await look("stuck")).toEqual([]);

    await quinn.comment(pull.number, `/sign-off ${pull.sha} pass manual\nEnvironment: my desk\nIt works.`);
    await waitUntil("the green check", async () => (await check("completed"))?.conclusion === "success");
    await waitUntil("the merge", async () => (await lena.merge(pull.number, pull.sha)).ok);
    await waitUntil("the merge in the ledger", async () =>
      (await journey.entries()).some(({ kind }) => kind === "prompt.completed"),
    );
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
    await page.getByRole("link", { name: "Repositories" }).click();
    expect(await look("repositories")).toEqual([]);
    await page.getByRole("link", { name: "acme/governed" }).click();
    expect(await look("repository")).toEqual([]);

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
    await expectConformance(journey.watch);
  },
  400_000,
);
