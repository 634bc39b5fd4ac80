import { createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { dump } from "js-yaml";
import { messageOf, SallyportError } from "../../core/errors.ts";
import { formatPublicKey } from "../../core/ledger/public-key.ts";
import { webhookPath } from "../http/delivery.ts";
import { checkoutProblem, packageHome } from "../settings/package-home.ts";
import { fileProblem } from "../terminal/file-problem.ts";
import type { Io } from "../terminal/io.ts";
import { clientFor, readerFor } from "./acting.ts";
import { demoSeed, git, people, prepareGoverned, storyBody } from "./governed.ts";
import { freePort, type Host, runProgram, startHost } from "./hosts.ts";
import { startModels } from "./models.ts";
import { type Proof, proveLedger } from "./proof.ts";
import {
  askForChanges,
  type DemoContext,
  type DemoCounts,
  openStory,
  passPrompt,
  planAndApprove,
  seeCompletion,
  seeMending,
  takeLightRoad,
  tryForbidden,
} from "./road.ts";

type Options = {
  repo?: string;
  issue?: string;
  keep?: string;
  live?: boolean;
  open?: boolean;
  verbose?: boolean;
};

/** `sallyport demo`: the whole road on a GitHub in one process, from labelled issue to merged, signed-off change. */
export function demoCommand(io: Io): Command {
  return new Command("demo")
    .description("play the whole road on this machine: sandbox, App, Action and agent, on a real repository")
    .option("--repo <path>", "the git repository to govern (default: this checkout)")
    .option("--issue <file.md>", "the story's text (default: a small one)")
    .option("--keep <dir>", "leave governed.git and public-key.pem there, to try the verifier by hand")
    .option("--live", "ask the real model service; needs ANTHROPIC_API_KEY")
    .option("--open", "keep it running afterwards, to look at the App's pages and to act on its GitHub")
    .option("--verbose", "show what the processes print")
    .addHelpText("after", "\nExample:\n  npx sallyport demo --repo ../web --open")
    .action(async (options: Options) => {
      const problem = checkoutProblem();
      if (problem !== null) {
        io.err(`sallyport demo: ${problem}\n`);
        return io.exit(2);
      }
      const dir = await mkdtemp(join(tmpdir(), "sallyport-demo-"));
      const hosts: { close(): Promise<void> }[] = [];
      try {
        await play(io, options, dir, hosts);
        io.exit(0);
      } catch (error) {
        const isInput = error instanceof SallyportError && error.code === "bad-input";
        io.err(`\nsallyport demo: ${messageOf(error)}\n`);
        if (!isInput) io.err("Run it with --verbose to see what the processes print.\n");
        io.exit(isInput ? 2 : 1);
      } finally {
        await Promise.all(hosts.reverse().map((host) => host.close()));
        await rm(dir, { recursive: true, force: true });
      }
    });
}

async function play(io: Io, options: Options, dir: string, hosts: { close(): Promise<void> }[]): Promise<void> {
  const started = Date.now();
  const counts: DemoCounts = { steps: 0, checks: 0, parity: 0, refusals: 0 };
  const say = (text: string) => {
    if (!text.startsWith(" ")) counts.steps += 1;
    io.out(`${((Date.now() - started) / 1_000).toFixed(1).padStart(6)} s  ${text}\n`);
  };
  const log = options.verbose === true ? (line: string) => io.err(`          ${line}\n`) : () => undefined;

  const text = options.issue === undefined ? null : await readIssue(resolve(io.cwd, options.issue));
  const keys = await makeKeys(dir);
  const source = resolve(io.cwd, options.repo ?? packageHome());
  const governed = await prepareGoverned(source, dir, keys.publicLine, demoAgents(options.live === true));
  say(`governing a clone of ${source}: ${governed.commits} commits, branch ${governed.branch}, policy added`);

  const own = await runProgram("sallyport", ["check", "--base", "HEAD~1", "--json"], { PATH: io.env.PATH }, source);
  // It has none, or no earlier commit, or what came last is for people to pass.
  if (own.code === 0) say("its own policy judged its last change: success");

  const { sandbox, service, cloneUrl } = await startHosts(io, options, dir, governed, keys, hosts, log, say);
  const context: DemoContext = {
    apiUrl: sandbox.url,
    branch: governed.branch,
    dir,
    env: io.env,
    lena: clientFor(sandbox.url, "lena"),
    quinn: clientFor(sandbox.url, "quinn"),
    max: clientFor(sandbox.url, "max"),
    seen: readerFor(sandbox.url, "lena"),
    tokens: { lena: people.lena.token },
    counts,
    say,
  };
  const title =
    text === null ? "A greeting for every visitor" : (/^#\s+(.+)$/m.exec(text)?.[1] ?? "A story from a file");
  const { epic, story } = await openStory(context, title, (number) => storyBody(number, text));
  const prompts = await planAndApprove(context, story);
  await context.lena.label(story, "ai:run");
  say(`lena labels #${story} \`ai:run\``);
  // A live model's work fails where it fails.
  const mended = options.live === true ? [] : [undefined, seeMending, askForChanges];
  for (let prompt = 0; prompt < prompts; prompt++) await passPrompt(context, mended[prompt]);
  await seeCompletion(context, story, epic);
  if (options.live !== true) await takeLightRoad(context);
  await tryForbidden(context, (branch) => pushForbidden(governed.path, cloneUrl("max"), branch));

  const head = await lastAnchor(context);
  const proof = await proveLedger({
    cloneUrl: cloneUrl("quinn"),
    branch: governed.branch,
    dir,
    publicKeyFile: keys.publicFile,
    path: io.env.PATH,
    head,
  });
  say(`a fresh clone and one public key: ${proof.entries} entries verified`);
  say(`one byte changed in a copy: noticed, ${proof.tampered}`);
  io.out(table(counts, proof, (Date.now() - started) / 1_000));
  if (options.keep !== undefined) await keep(io, resolve(io.cwd, options.keep), proof.clone, keys.publicFile);
  if (options.open !== true) return;
  const repository = `${service.url}/repositories/acme/governed`;
  const github = `${sandbox.url}/acme/governed`;
  const lines = [
    `The story         ${repository}/stories/${story}`,
    `Everything        ${repository}`,
    `What is stuck     ${service.url}/stuck`,
    `How it does       ${service.url}/health`,
    `GitHub            ${github}`,
    "",
    `Try: on ${github}/issues/${story} comment \`/status\` or \`/help\` as lena; open the check's Details on a pull request;`,
    "merge one that fails, and read why not.",
    "Ctrl-C ends it.",
  ];
  io.out(`${lines.join("\n")}\n`);
  await Promise.race(["SIGINT", "SIGTERM"].map((signal) => once(process, signal)));
}

/** The story's text from a file of the user. */
function readIssue(path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: unknown) => {
    throw new SallyportError("bad-input", `the story ${path} cannot be read: ${fileProblem(error)}`, { cause: error });
  });
}

/** What the demo's policy says of agents; a live model is asked for no second reading, which costs. */
function demoAgents(isLive: boolean): string {
  const rework = "rework: { on: [gates, ci, review] }\n";
  return isLive ? rework : `agents: { reviewer: {} }\n${rework}`;
}

async function makeKeys(dir: string) {
  const { privateKey } = generateKeyPairSync("ed25519");
  const publicKey = createPublicKey(privateKey);
  const privateFile = join(dir, "ledger.pem");
  const publicFile = join(dir, "public-key.pem");
  await writeFile(privateFile, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  await writeFile(publicFile, publicKey.export({ type: "spki", format: "pem" }));
  return { privateFile, publicFile, publicLine: formatPublicKey(publicKey) };
}

/** The demo's processes: a model service, a GitHub, and the App itself, each on its own port. */
async function startHosts(
  io: Io,
  options: Options,
  dir: string,
  governed: { path: string; branch: string },
  keys: { privateFile: string },
  hosts: { close(): Promise<void> }[],
  log: (line: string) => void,
  say: (text: string) => void,
): Promise<{ sandbox: Host; service: Host; cloneUrl(person: keyof typeof people): string }> {
  const models = options.live === true ? null : await startModels(["mending.json", "turns.json"]);
  if (models !== null) hosts.push(models);
  const secret = randomBytes(32).toString("hex");
  const port = await freePort();
  const privateKeyFile = join(dir, "app.pem");
  const seedFile = join(dir, "seed.yml");
  const webhook = { url: `http://127.0.0.1:${port}${webhookPath}`, secret };
  await writeFile(seedFile, dump(demoSeed({ ...governed, privateKeyFile, webhook })));
  const path = { PATH: io.env.PATH };
  const sandbox = await startHost(
    "sandbox",
    ["--seed", seedFile, "--port", "0", "--dir", join(dir, "github")],
    path,
    log,
  );
  hosts.push(sandbox);
  const service = await startHost(
    "sallyport",
    ["serve"],
    {
      ...path,
      APP_ID: "4001",
      PRIVATE_KEY_PATH: privateKeyFile,
      WEBHOOK_SECRET: secret,
      LEDGER_KEY_PATH: keys.privateFile,
      GITHUB_API_URL: sandbox.url,
      GITHUB_THROTTLE: "off",
      PORT: String(port),
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      PAGES: "open",
      DATABASE_FOLDER: join(dir, "database"),
      ANTHROPIC_API_KEY: options.live === true ? io.env.ANTHROPIC_API_KEY : "not-a-key",
      ...(models === null ? {} : { ANTHROPIC_BASE_URL: models.url }),
    },
    log,
  );
  hosts.push(service);
  say("GitHub (the sandbox), the App with its embedded database and the model service are up");
  const { host } = new URL(sandbox.url);
  return {
    sandbox,
    service,
    cloneUrl: (person) => `http://${people[person].login}:${people[person].token}@${host}/acme/governed.git`,
  };
}

/** Pushes a branch with a change that the policy forbids, over smart HTTP with a person's token. */
async function pushForbidden(path: string, url: string, branch: string): Promise<string> {
  await git(path, ["checkout", "--quiet", "-b", branch], "max");
  await writeFile(join(path, "governance", "README.md"), "# Governance\n\nTidied up.\n");
  await git(path, ["commit", "--quiet", "--all", "--message", "Tidy the governance folder"], "max");
  await git(path, ["push", "--quiet", "--", url, `HEAD:refs/heads/${branch}`], "max");
  return git(path, ["rev-parse", "HEAD"]);
}

/** The ledger's head in the newest check: the second record against which a truncated ledger is found. */
async function lastAnchor(context: DemoContext): Promise<string> {
  const [pull] = await context.seen.openPulls();
  const checks = pull === undefined ? [] : await context.seen.checks(pull.sha);
  const text = checks.find((check) => check.name === "sallyport")?.text ?? "";
  return /`([0-9]+:[0-9a-f]{64})`/.exec(text)?.[1] ?? "";
}

function table(counts: DemoCounts, proof: Proof, seconds: number): string {
  const rows = [
    ["steps", String(counts.steps)],
    ["checks written and read", String(counts.checks)],
    ["verdicts equal in App, Action, CLI", String(counts.parity)],
    ["attempts refused", String(counts.refusals)],
    ["ledger entries verified", String(proof.entries)],
    ["ledger head", proof.head.replace(/:(.{12}).*/, ":$1…")],
    ["tampering", "noticed"],
    ["seconds", seconds.toFixed(1)],
  ];
  const width = Math.max(...rows.map(([name]) => (name ?? "").length));
  return `\n${rows.map(([name, value]) => `  ${(name ?? "").padEnd(width)}  ${value}`).join("\n")}\n\n`;
}

async function keep(io: Io, target: string, clone: string, publicKeyFile: string): Promise<void> {
  await mkdir(target, { recursive: true });
  await rm(join(target, "governed.git"), { recursive: true, force: true });
  await cp(clone, join(target, "governed.git"), { recursive: true });
  await cp(publicKeyFile, join(target, "public-key.pem"));
  io.out(
    `Kept in ${target}. Try: npx sallyport ledger verify ${join(target, "governed.git")} --key ${join(target, "public-key.pem")}\n`,
  );
}
