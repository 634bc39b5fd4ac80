/** A sandbox as GitHub, a model, three processes of the service on one PostgreSQL, and people at work. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LLMock } from "@copilotkit/aimock";
import { freePort } from "../app/demo/hosts.ts";
import { readBacklog } from "../app/store/backlog.ts";
import { openDatabase } from "../app/store/database.ts";
import { formatPublicKey } from "../core/ledger/public-key.ts";
import { startSandbox } from "../sandbox/server/server.ts";
import { newKey } from "../test/builders/ledger.ts";
import { seedOurApp } from "../test/hosts/installed-app.ts";
import { asker } from "../test/hosts/store-and-github.ts";
import { chanceOf, deliveryPassage, githubPassage } from "./chaos-faults.ts";
import { type EndState, readEndState } from "./chaos-state.ts";
import { answer, kindOf, play, policyOf, titleOf } from "./chaos-stories.ts";

/** How many stories are under way at once, and how many processes share the work. */
const atOnce = 16;
const processes = 3;
/** An installation has 5,000 requests an hour, of which each restart's sweep takes some. */
const storiesOfRepository = 12;

export type Played = EndState & { faults: Map<string, number>; seconds: number };

/** Plays so many stories to their end, on a PostgreSQL's new database; with a seed things go wrong meanwhile. */
export async function playAll(
  count: number,
  { url, seed, program, log }: { url: string; seed: number | null; program: string; log: string },
): Promise<Played> {
  const began = Date.now();
  const dir = mkdtempSync(join(tmpdir(), "chaos-"));
  const faults = new Map<string, number>();
  const chance = chanceOf(seed ?? 0);
  const chaos = { isOn: false, chance, count: (what: string) => void faults.set(what, (faults.get(what) ?? 0) + 1) };
  const key = newKey();
  const asked = new Map<string, number>();
  const model = new LLMock({ port: 0, host: "127.0.0.1", logLevel: "silent" });
  const heard = (what: string) => void asked.set(what, (asked.get(what) ?? 0) + 1);
  model.addFixture({ match: { predicate: () => true }, response: (request) => answer(request, heard) });
  await model.start();

  const living = new Map<number, ChildProcess>();
  const deliveries = await deliveryPassage(() => ports, chaos);
  const ports = await Promise.all(Array.from({ length: processes }, freePort));
  const webhookSecret = "0123456789abcdeffedcba9876543210";
  const numbers = Array.from({ length: count }, (_, number) => number);
  const isPlanned = (number: number) => kindOf(number) === "planned";
  const planned = numbers.filter(isPlanned);
  const rest = numbers.filter((number) => !isPlanned(number));
  const repositoriesOf = (some: number[]) => Math.ceil(some.length / storiesOfRepository);
  const names = Array.from({ length: repositoriesOf(planned) + repositoriesOf(rest) }, (_, index) => `org${index}`);
  const people = ["lena", "quinn", "max"];
  const sandbox = await startSandbox({
    seed: {
      users: people.map((login) => ({ login, token: `ghp_${login}` })),
      organizations: names.map((login) => ({ login, members: people })),
      apps: [seedOurApp(join(dir, "app.pem"), { url: `${deliveries.url}/api/github/webhooks`, secret: webhookSecret })],
      // An owner each, and so an installation.
      repositories: names.map((owner) => ({
        full_name: `${owner}/governed`,
        files: {
          ".github/sallyport.yml": policyOf(formatPublicKey(key.publicKey)),
          "README.md": "# Governed\n",
          "docs/decisions/sallyport-demo.md": "# Decision 1\n\nNumbers are written down below `demo/`.\n",
        },
        collaborators: { lena: "admin", quinn: "write", max: "write" },
        installed: ["sallyport"],
        protection: [{ branch: "main", checks: [{ context: "sallyport", app: "sallyport" }] }],
      })),
    },
  });
  const github = await githubPassage(sandbox.url, chaos);

  const start = async (port: number) => {
    const child = spawn(process.execPath, ["--no-warnings", program, "serve"], {
      cwd: dir,
      stdio: ["ignore", "ignore", "pipe"],
      env: {
        ...{ PATH: process.env.PATH, APP_ID: "4001", PRIVATE_KEY_PATH: join(dir, "app.pem"), PORT: String(port) },
        ...{ WEBHOOK_SECRET: webhookSecret, LEDGER_KEY: key.pem, DATABASE_URL: url, GITHUB_API_URL: github.url },
        ...{ ANTHROPIC_API_KEY: "not-a-key", ANTHROPIC_BASE_URL: model.url, GITHUB_THROTTLE: "off" },
        ...{ SALLYPORT_ONBOARDING: "off", LOG_LEVEL: "info" },
      },
    });
    living.set(port, child);
    // It may be killed before it listens, or GitHub may fail just then: whoever supervises it starts it again.
    const said = Promise.withResolvers<void>();
    child.stderr?.on("data", (chunk: Buffer) => {
      appendFileSync(log, chunk);
      if (chunk.includes("listening on")) said.resolve();
    });
    child.once("exit", () => said.resolve());
    await said.promise;
    if (child.exitCode !== null && living.get(port) === child) {
      await sleep(500);
      await start(port);
    }
  };
  const stop = async (port: number, signal: NodeJS.Signals) => {
    const child = living.get(port);
    living.delete(port);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  };
  await Promise.all(ports.map(start));
  const { db, close: closeDatabase } = await openDatabase({ url });

  let isOver = false;
  const kill = async () => {
    if (seed === null) return;
    chaos.isOn = true;
    while (!isOver) {
      await sleep(1_000 + 9_000 * chance());
      if (isOver) break;
      const port = ports[Math.floor(chance() * ports.length)] ?? 0;
      const signal = chance() < 0.8 ? "SIGKILL" : "SIGTERM";
      chaos.count(signal);
      await stop(port, signal);
      await sleep(2_000 * chance());
      await start(port);
    }
    chaos.isOn = false;
  };
  const killing = kill();

  // An approval is void when the base moves, as it does with each merge: planned stories have repositories of their own
  // and are played one after the other there, so that the calm run knows of no chance.
  const forPlanned = sandbox.state.repositories.slice(0, repositoriesOf(planned));
  const forRest = sandbox.state.repositories.slice(repositoriesOf(planned));
  const placeOf = (number: number) => {
    const [some, among] = isPlanned(number) ? [planned, forPlanned] : [rest, forRest];
    return among[some.indexOf(number) % among.length];
  };
  const places = new Map(numbers.map((number) => [number, placeOf(number)]));
  const playSome = async (some: number[]) => {
    for (let number = some.shift(); number !== undefined; number = some.shift()) {
      const repository = places.get(number);
      if (repository === undefined) throw new Error("there is no repository");
      const ask = asker(sandbox.url, `${repository.owner.login}/${repository.name}`);
      await play({ number, title: titleOf(number), repository, ask });
    }
  };
  const isIdle = async () => {
    const { queues, outbox, unpublished } = await readBacklog(db);
    const busy = queues.some(({ queue, waiting, active }) => active > 0 || (queue !== "later" && waiting > 0));
    return !busy && outbox.open === 0 && unpublished === 0;
  };
  const untilQuiet = async () => {
    for (let quiet = 0; quiet < 8; ) {
      await sleep(250);
      quiet = (await isIdle()) ? quiet + 1 : 0;
    }
  };
  try {
    const inTurn = forPlanned.map((place) => planned.filter((number) => places.get(number) === place));
    await Promise.all([...inTurn.map(playSome), ...Array.from({ length: atOnce }, () => playSome(rest))]);
    isOver = true;
    await killing;
    await untilQuiet();
    // A start sweeps, as the service does every five minutes.
    await stop(ports[0] ?? 0, "SIGTERM");
    await start(ports[0] ?? 0);
    await sleep(2_000);
    await untilQuiet();
    const state = await readEndState(db, sandbox.state.repositories, key.publicKey, asked);
    return { ...state, faults, seconds: (Date.now() - began) / 1_000 };
  } finally {
    isOver = true;
    await Promise.all(ports.map((port) => stop(port, "SIGKILL")));
    await killing.catch(() => undefined);
    await Promise.all(ports.map((port) => stop(port, "SIGKILL")));
    await closeDatabase();
    await sandbox.close();
    await Promise.all([github.close(), deliveries.close(), model.stop()]);
    rmSync(dir, { recursive: true, force: true });
  }
}
