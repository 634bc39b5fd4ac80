/**
 * `npm run bench -- day`: the whole service in a process of its own, and a GitHub that costs next to nothing. It finds
 * 5,000 open pull requests of 200 repositories, then 2,000 of them change at one moment; then what a look costs.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHmac, generateKeyPairSync, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "../app/demo/hosts.ts";
import { formatPublicKey } from "../core/ledger/public-key.ts";
import { newKey } from "../test/builders/ledger.ts";
import { postgresPrograms, startPostgres } from "../test/hosts/postgres.ts";
import { type CannedGitHub, startCannedGitHub } from "./canned-github.ts";
import { atLeast, atMost, printTable, type Row } from "./table.ts";

const sizes = { organizations: 20, repositories: 10, pulls: 25 };
const program = fileURLToPath(new URL("../dist/sallyport.cjs", import.meta.url));
const webhookSecret = "0123456789abcdeffedcba9876543210";
const metricsToken = "8f3b1c9d7e5a2046b1c3d5e7f9a0b2c4";

/** The service's process: what it has used and looked at, and how it hears of a pull request. */
async function startProcess(github: CannedGitHub, store: Record<string, string>, dir: string, keyPem: string) {
  const port = await freePort();
  const appKey = join(dir, "app.pem");
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  writeFileSync(appKey, privateKey.export({ type: "pkcs8", format: "pem" }).toString());
  const child: ChildProcess = spawn(process.execPath, ["--no-warnings", program, "serve"], {
    cwd: dir,
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      ...{ PATH: process.env.PATH, NODE_OPTIONS: process.env.NODE_OPTIONS, APP_ID: "4001", PRIVATE_KEY_PATH: appKey },
      ...{ PORT: String(port), WEBHOOK_SECRET: webhookSecret, METRICS_TOKEN: metricsToken, LEDGER_KEY: keyPem },
      ...{
        GITHUB_API_URL: github.url,
        GITHUB_THROTTLE: "off",
        SALLYPORT_ONBOARDING: "off",
        LOG_LEVEL: "warn",
        ...store,
      },
    },
  });
  child.stderr?.pipe(createWriteStream(join(dir, "log")));
  const stat = () =>
    readFileSync(`/proc/${child.pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
  const url = `http://127.0.0.1:${port}`;
  return {
    /** The processor time used, in milliseconds, as Linux counts it in hundredths of a second. */
    used: () => 10 * (Number(stat()[11]) + Number(stat()[12])),
    /** What it holds of the machine's memory, in megabytes. */
    memory: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]) / 1_024,
    async looks(): Promise<number> {
      const headers = { authorization: `Bearer ${metricsToken}` };
      const metrics = await (await fetch(`${url}/metrics`, { headers })).text();
      return Number(/job_seconds_count\{queue="look",outcome="done"\} (\d+)/.exec(metrics)?.[1] ?? 0);
    },
    async deliver(repository: number, number: number): Promise<void> {
      const body = JSON.stringify({
        ...{ action: "synchronize", pull_request: { number }, repository: { id: repository }, sender: { id: 8 } },
      });
      const signature = `sha256=${createHmac("sha256", webhookSecret).update(body).digest("hex")}`;
      const headers = {
        ...{ "content-type": "application/json", "x-github-event": "pull_request" },
        ...{ "x-github-delivery": randomUUID(), "x-hub-signature-256": signature },
      };
      const { status } = await fetch(`${url}/api/github/webhooks`, { method: "POST", headers, body });
      if (status !== 200) throw new Error(`a delivery was answered ${status}`);
    },
    async end() {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    },
  };
}

async function day(store: Record<string, string>): Promise<Row[]> {
  const dir = mkdtempSync(join(tmpdir(), "day-"));
  const key = newKey();
  const policy = `version: 1\nledger: { keys: [{ key: "${formatPublicKey(key.publicKey)}" }] }\n`;
  const github = await startCannedGitHub({ ...sizes, policy });
  const all = github.repositories.flatMap((repository) => repository.pulls.map((pull) => ({ repository, pull })));
  const service = await startProcess(github, store, dir, key.pem);
  const judged = async (some: typeof all) => {
    const ends: number[] = [];
    for (let left = some; left.length > 0; await sleep(50)) {
      const before = left.length;
      left = left.filter(({ repository, pull }) => !github.isJudged(repository, pull.number));
      for (let one = left.length; one < before; one++) ends.push(performance.now());
    }
    return ends;
  };
  const push = async (some: typeof all) => {
    for (const { pull } of some) pull.pushes += 1;
    const left = [...some];
    const send = async () => {
      for (let one = left.shift(); one !== undefined; one = left.shift())
        await service.deliver(one.repository.id, one.pull.number);
    };
    await Promise.all(Array.from({ length: 16 }, send));
  };
  const began = performance.now();
  const [first, burst] = [all.filter((_, index) => index % 5 >= 2), all.filter((_, index) => index % 5 < 2)];
  while ((await service.looks().catch(() => 0)) < 200) await sleep(100);
  const [asked, sent] = [github.requests(), performance.now()];
  await push(burst);
  const ends = await judged(burst);
  const memory = service.memory();
  const waits = ends.map((at) => (at - sent) / 1_000).toSorted((one, other) => one - other);
  const at = (share: number) => waits[Math.floor(share * (waits.length - 1))] ?? Number.NaN;
  console.log(`Half of the burst in ${at(0.5).toFixed(1)} s, nine tenths in ${at(0.9).toFixed(1)} s`);
  await judged(first);
  const seconds = (performance.now() - began) / 1_000;
  console.log(`All ${all.length} in ${seconds.toFixed(0)} s, ${github.requests() - asked} requests`);
  const rows = [
    atMost(`the last of 2,000 changes beside 5,000 swept`, at(1), 150, "s"),
    atMost(`memory after all, against after the burst`, service.memory() / memory, 1.4),
    atLeast(`requests left of an installation's hour`, github.leastLeft(), 1_000, ""),
  ];
  await sleep(3_000);
  const some = all.slice(0, 1_000);
  for (const what of ["unchanged", "changed"] as const) {
    const [used, looks] = [service.used(), await service.looks()];
    if (what === "changed") {
      await push(some);
      await judged(some);
    } else for (const { repository, pull } of some) await service.deliver(repository.id, pull.number);
    while ((await service.looks()) - looks < some.length) await sleep(50);
    await sleep(1_000);
    const own = (service.used() - used) / 1_000;
    // A change is looked at again once its check and its comment are written.
    const looked = (await service.looks()) - looks;
    rows.push(atLeast(`looks at ${what} pull requests, of its own time`, looked / own, 100, "/s"));
  }
  console.log(`${service.memory().toFixed(0)} MB`);
  await service.end();
  await github.close();
  rmSync(dir, { recursive: true, force: true });
  return rows;
}

if (postgresPrograms === null) {
  console.error("bench: the day needs PostgreSQL on this machine (Debian: apt-get install postgresql)");
  process.exit(2);
}
const postgres = await startPostgres();
const url = await postgres.create("day");
const rows = await day({ DATABASE_URL: url });
await postgres.close();
process.exitCode = printTable("A day of the service", rows) ? 0 : 1;
