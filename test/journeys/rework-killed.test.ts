import { createPublicKey } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FixtureResponse } from "@copilotkit/aimock";
import { expect, test } from "@jest/globals";
import { clientFor } from "../../app/demo/acting.ts";
import { demoSeed, git, people, prepareGoverned, storyBody } from "../../app/demo/governed.ts";
import { nextSecond } from "../../app/demo/road.ts";
import { createGitHub } from "../../app/github/clients.ts";
import { createSigner } from "../../app/ledger/signer.ts";
import type { Queue } from "../../app/queue/queue.ts";
import { createJobs } from "../../app/service/jobs.ts";
import { createSecrets } from "../../app/settings/secrets.ts";
import { type Database, openDatabase } from "../../app/store/database.ts";
import { lastEntry } from "../../core/entries.ts";
import { formatPublicKey } from "../../core/ledger/public-key.ts";
import { type Subject, subjectKey } from "../../core/subject.ts";
import { seedSchema } from "../../sandbox/seed/seed-schema.ts";
import { startSandbox } from "../../sandbox/server/server.ts";
import { newKey } from "../builders/ledger.ts";
import { configOf, webhookAt } from "../hosts/installed-app.ts";
import { failuresIn } from "../hosts/log.ts";
import { call } from "../hosts/model-service.ts";
import { plan, scriptAgent, write } from "../hosts/scripted-agent.ts";
import { asker, type Json } from "../hosts/store-and-github.ts";
import { wholeLedger } from "../hosts/whole-ledger.ts";

const finding = {
  ...{ severity: "must", path: "sallyport-demo/file.txt", line: 1, criterion: 1 },
  text: "It is a draft.",
};

const finish = (summary: string, ...more: { criterion: string; how: string }[]) =>
  call("finish", { summary, claims: [{ criterion: "It is there.", how: "Written." }, ...more] });

/**
 * The service's jobs without its processes: what is due is done here, one thing after the other. While `kills` is set,
 * the process ends in turn before a transaction and once one is committed. Nothing in memory outlives that.
 */
function runJobs(start: (db: Database, queue: Queue) => ReturnType<typeof createJobs>, db: Database) {
  const due = new Map<string, { subject: Subject } | { lane: string }>();
  const killed = new Error("the process was killed");
  // Others pass: an effect whose process ends eight times is given up.
  const turns = ["before", "pass", "after", "pass"] as const;
  let turn = 0;
  const world = {
    kills: false,
    count: 0,
    /** Whether a model has answered and its answer is not stored yet: no client can keep that from being paid twice. */
    isUnstored: async () => false,
  };
  const add = async (_: unknown, subject: Subject, after?: number) => {
    if (after === undefined) due.set(subjectKey(subject), { subject });
  };
  const nothing = async () => undefined;
  const queue: Queue = {
    enqueue: add,
    enqueueNow: (subject) => add(null, subject),
    enqueueEffects: async (_, lane) => void due.set(`lane ${lane}`, { lane }),
    ...{ enqueuePublish: nothing, enqueueNamed: nothing, start: nothing, stop: nothing },
  };
  const process = () => {
    let isDead = false;
    const die = () => {
      isDead = true;
      world.count += 1;
      throw killed;
    };
    const mortal = new Proxy(db, {
      get(target, key) {
        if (isDead) throw killed;
        const value: unknown = Reflect.get(target, key, target);
        if (key !== "transaction") return typeof value === "function" ? value.bind(target) : value;
        return () => ({
          async execute<T>(work: Parameters<ReturnType<Database["transaction"]>["execute"]>[0]) {
            if (isDead) throw killed;
            if (!world.kills) return target.transaction().execute(work);
            const when = turns[turn++ % turns.length];
            if (when === "before" && !(await world.isUnstored())) die();
            const done = await target.transaction().execute(work);
            if (when === "after") die();
            return done as T;
          },
        });
      },
    });
    return start(mortal, queue);
  };
  let jobs = process();
  const drain = async () => {
    for (let [first] = due; first !== undefined; [first] = due) {
      const [key, job] = first;
      due.delete(key);
      const seconds = await persist<unknown>(async () =>
        "subject" in job ? jobs.reconcile(job.subject) : jobs.perform(job.lane, new AbortController().signal),
      );
      if (typeof seconds !== "number") continue;
      await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
      due.set(key, job);
    }
  };
  /** Does a job as often as it is killed. */
  const persist = async <T>(job: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await job();
      } catch (error) {
        if (error !== killed) throw error;
        jobs = process();
      }
    }
  };
  return { world, drain, look: (subject: Subject) => void due.set(subjectKey(subject), { subject }) };
}

const mending = "agents: { reviewer: {} }\nrework: { on: [gates, ci, review, reviewer], rounds: 4 }\n";

/** A rework by a reviewer agent, one by a gate and one by a review, to the end of the third; what is there then, without names of commits. */
async function play(kills: boolean) {
  const agent = scriptAgent();
  const models = await agent.start();
  const dir = await mkdtemp(join(tmpdir(), "killed-"));
  const key = newKey();
  const source = join(dir, "source");
  await git(dir, ["init", "--quiet", "--initial-branch", "main", source]);
  await git(source, ["commit", "--quiet", "--allow-empty", "--message", "Begin"]);
  const governed = await prepareGoverned(source, dir, formatPublicKey(createPublicKey(key.pem)));
  const policy = join(governed.path, ".github", "sallyport.yml");
  await writeFile(policy, `${await readFile(policy, "utf8")}${mending}`);
  await git(governed.path, ["commit", "--quiet", "--all", "--message", "Rework"]);
  const privateKeyFile = join(dir, "app.pem");
  const seed = seedSchema.parse(demoSeed({ ...governed, privateKeyFile, webhook: webhookAt(9) }));
  const sandbox = await startSandbox({
    seed: { ...seed, repositories: seed.repositories.map((one) => ({ ...one, ci: [] })) },
  });
  const [repository] = sandbox.state.repositories;
  if (repository === undefined) throw new Error("no repository");
  const config = configOf({
    ...{ privateKey: await readFile(privateKeyFile, "utf8"), apiUrl: sandbox.url, port: 1, ledgerKey: key.pem },
    anthropic: { apiKey: "not-a-key", baseUrl: models.url },
  });
  const secrets = createSecrets(config);
  const github = createGitHub(config, secrets.addToken);
  const ourselves = await github.identify();
  const database = await openDatabase({ folder: null });
  const signer = createSigner(key.pem);
  const { signal } = new AbortController();
  const { world, drain, look } = runJobs((db, queue) => {
    const { anthropic, openai, google, agentTools, packageRegistry } = config;
    const urls = { publicUrl: null, pagesUrl: null };
    const parts = { db, queue, github, ourselves, signer, secrets, anthropic, openai, google, agentTools, ...urls };
    return createJobs({
      ...parts,
      packageRegistry,
      onboarding: null,
      digestWebhook: null,
      end: () => undefined,
      signal,
      log: failuresIn([]),
    });
  }, database.db);
  world.isUnstored = async () => {
    const stored = await database.db.selectFrom("answers").select("key").execute();
    return agent.service.getRequests().length > stored.length;
  };
  const entries = () => wholeLedger(database.db, repository.id);
  const [lena, quinn] = [clientFor(sandbox.url, "lena"), clientFor(sandbox.url, "quinn")];
  const as = asker(sandbox.url, "acme/governed");
  const ask = (person: "lena" | "quinn", method: string, path: string, body?: unknown): Promise<Json> =>
    as(people[person].token.replace(/^ghp_/, ""), method, path, body);
  /** Looks at the story and its pull request until nothing more follows. */
  const settle = async (story: number) => {
    for (let before = -1; ; ) {
      const all = await entries();
      if (all.length === before) return all;
      before = all.length;
      const pull = lastEntry(all, "pull.opened", () => true)?.body.pull;
      look({ kind: "issue", repository: repository.id, number: story });
      if (pull !== undefined) look({ kind: "pull", repository: repository.id, number: pull });
      await drain();
    }
  };
  const answer = (talks: readonly (readonly [says: string, ...turns: FixtureResponse[]])[]) => {
    agent.propose(plan);
    for (const [userMessage, findings] of [["+draft", [finding]] as const, ["", []] as const])
      agent.service.addFixture({
        match: { systemMessage: "You read one change", ...(userMessage === "" ? {} : { userMessage }) },
        response: call("give_advice", { summary: "I read it.", findings }),
      });
    for (const [userMessage, ...turns] of talks)
      for (const [turnIndex, response] of turns.entries())
        agent.service.addFixture({ match: { userMessage, turnIndex }, response });
  };

  const first = ["# Add a file", write("draft\n"), finish("A draft.")] as const;
  const second = ["a reviewer agent, advice", write("long\n".repeat(450)), finish("A long one.")] as const;
  answer([["gate diff-size", write("short\n"), finish("A shorter one.")], second, first]);
  const epic = await lena.openIssue("An epic", "### Description\n\nMore.\n\n### Risk\n\nlow\n", ["epic"]);
  const story = await lena.openIssue("A story", storyBody(epic, null), ["story"]);
  await nextSecond();
  await lena.label(story, "ai:plan");
  await settle(story);
  const comments: Json[] = await ask("lena", "GET", `issues/${story}/comments`);
  const digest = comments
    .map(({ body }) => /^\/approve ([0-9a-f]{64})$/m.exec(body)?.[1])
    .find((one) => one !== undefined);
  await quinn.comment(story, `/approve ${digest}`);
  await settle(story);
  await lena.label(story, "ai:run");
  const isOpened = async () => lastEntry(await entries(), "pull.opened", () => true)?.body;
  world.kills = kills;
  await settle(story);
  const opened = await isOpened();
  if (opened === undefined) throw new Error("no pull request");
  const at = { path: "sallyport-demo/file.txt", line: 1, commit_id: opened.head };
  const comment = await ask("quinn", "POST", `pulls/${opened.pull}/comments`, { ...at, body: "Greet by name." });
  const thread = { criterion: `thread-${comment.id}`, how: "It greets Ada." };
  answer([["changes-requested", write("hello Ada\n"), finish("By name.", thread)]]);
  await ask("quinn", "POST", `pulls/${opened.pull}/reviews`, { event: "REQUEST_CHANGES", body: "It greets nobody." });
  const all = await settle(story);
  world.kills = false;

  const plainly = (list: Json[]) =>
    list.map(({ user, body }) => `${user.login}: ${body.replaceAll(/[0-9a-f]{12,}|\d+/g, "@")}`);
  const end = {
    text: (await ask("lena", "GET", `pulls/${opened.pull}`)).body.replaceAll(/[0-9a-f]{12,}/g, "@"),
    kinds: all.map(({ kind }) => kind),
    models: agent.service.getRequests().length,
    branch: (await ask("lena", "GET", `pulls/${opened.pull}/commits`)).length,
    reviewers: (await ask("lena", "GET", `pulls/${opened.pull}/requested_reviewers`)).users.map(
      (one: Json) => one.login,
    ),
    threads: plainly(await ask("lena", "GET", `pulls/${opened.pull}/comments`)),
    pull: plainly(await ask("lena", "GET", `issues/${opened.pull}/comments`)),
    story: plainly(await ask("lena", "GET", `issues/${story}/comments`)),
    pulls: (await ask("lena", "GET", "pulls?state=all")).length,
  };
  await sandbox.close();
  await database.close();
  await models.close();
  await rm(dir, { recursive: true, force: true });
  return { end, kills: world.count };
}

test("T253, T294: killed again and again, before a transaction and after one, three reworks end as without, and no model call is paid twice", async () => {
  const whole = await play(false);
  const broken = await play(true);
  expect(whole.end.kinds.filter((kind) => kind === "rework.opened")).toHaveLength(3);
  expect(whole.end.kinds.filter((kind) => kind === "advice.given")).toHaveLength(2);
  expect(whole.end.threads).toHaveLength(2);
  expect(broken.end).toEqual(whole.end);
  expect(broken.kills).toBeGreaterThan(40);
}, 300_000);
