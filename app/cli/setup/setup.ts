import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { access, constants, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { oneLine } from "../../../core/escape.ts";
import { type Known, known, unknown } from "../../../core/known.ts";
import { webhookPath } from "../../http/delivery.ts";
import { isWebAddress } from "../../terminal/address.ts";
import { fileProblem } from "../../terminal/file-problem.ts";
import type { Io } from "../../terminal/io.ts";
import { writeLedgerKey } from "../ledger/keygen.ts";
import { apiUrlOf, appManifest, type CreatedApp, publicUrlOf, redeem, registrationUrl } from "./app-manifest.ts";
import { openPage } from "./local-page.ts";

type Options = {
  org?: string;
  githubUrl: string;
  name?: string;
  webhookUrl?: string;
  smee?: boolean;
  actions?: boolean;
  port: string;
  force?: boolean;
};

const envFile = ".env";
const ledgerFile = "ledger.pem";

/**
 * `sallyport setup`: makes the GitHub App, its settings file and the ledger's key. Exit status 1 when a file is there
 * already, 2 when the App could not be made.
 */
export function setupCommand(io: Io): Command {
  return new Command("setup")
    .description("create the GitHub App on a page of this machine, and write .env and the ledger's key")
    .option("--org <name>", "the organization that owns the App (default: your own account)")
    .option("--name <name>", "the App's name; GitHub lets you change it before it is made")
    .option("--webhook-url <url>", `where GitHub reaches the service, such as https://HOST${webhookPath}`)
    .option("--smee", "for trying out: a public channel of smee.io for webhooks")
    .option("--actions", "the App may also start runs on Actions, in which agents' programs work")
    .option("--github-url <url>", "your GitHub Enterprise", "https://github.com")
    .option("--port <port>", "the port of the page; 0: any that is free", "0")
    .option("--force", `replace ${envFile}; a ledger key is never replaced`)
    .addHelpText(
      "after",
      `
Without a webhook address the service looks every five minutes; add one later in the App's settings.

Example:
  npx sallyport setup --org acme --webhook-url https://sallyport.acme.dev${webhookPath}`,
    )
    .action(async (options: Options) => {
      const refuse = (why: string, status: number) => {
        io.err(`sallyport setup: ${oneLine(why)}\n`);
        io.exit(status);
      };
      const problem = await problemOf(options, io);
      if (problem !== null) return refuse(problem.why, problem.status);
      const webhookUrl = options.smee === true ? await newChannel() : known(options.webhookUrl ?? null);
      if (!webhookUrl.known) return refuse(webhookUrl.why, 2);
      const isDone = await register(options, webhookUrl.value, io).catch((error) => {
        io.err(`sallyport setup: the page cannot be served: ${fileProblem(error)}; choose another --port\n`);
        return false;
      });
      io.exit(isDone ? 0 : 2);
    });
}

/** What stands in the way before anything is made. */
async function problemOf(
  { githubUrl, webhookUrl, smee, port, force, org }: Options,
  io: Io,
): Promise<{ why: string; status: number } | null> {
  if (existsSync(join(io.cwd, envFile)) && force !== true)
    return { why: `${envFile} is there and is kept; --force replaces it`, status: 1 };
  if (!isWebAddress(githubUrl))
    return { why: `--github-url ${githubUrl}: write it in full, such as https://github.com`, status: 2 };
  const { origin, pathname } = new URL(githubUrl);
  if (pathname !== "/")
    return { why: `--github-url ${githubUrl}: write ${origin} and, for an organization, --org`, status: 2 };
  if (org !== undefined && !/^[A-Za-z0-9_-]+$/.test(org))
    return { why: `--org ${org}: write its name alone, such as acme`, status: 2 };
  if (webhookUrl !== undefined && (!isWebAddress(webhookUrl) || smee === true))
    return { why: `--webhook-url: write one address in full, or --smee in its place`, status: 2 };
  if (webhookUrl !== undefined && new URL(webhookUrl).pathname === "/")
    return { why: `--webhook-url ${webhookUrl}: write ${new URL(webhookUrl).origin}${webhookPath}`, status: 2 };
  if (!/^[0-9]{1,5}$/.test(port) || Number(port) > 65_535)
    return { why: `--port ${port}: write 0 to 65535`, status: 2 };
  try {
    await access(io.cwd, constants.W_OK);
    return null;
  } catch (error) {
    return { why: `${io.cwd} cannot be written to: ${fileProblem(error)}`, status: 2 };
  }
}

/** Leads through the page, and says what comes next; whether the App is set up. */
async function register(options: Options, webhookUrl: string | null, io: Io): Promise<boolean> {
  const githubUrl = options.githubUrl.replace(/\/+$/, "");
  const organization = options.org ?? null;
  // Names are unique on all of GitHub.
  const name = options.name ?? `Sallyport ${organization ?? randomBytes(3).toString("hex")}`.slice(0, 34);
  const state = randomBytes(16).toString("hex");
  const page = await openPage(Number(options.port), {
    state,
    form: async (redirectUrl) => ({
      action: registrationUrl({ githubUrl, organization }, state),
      manifest: await appManifest({ name, redirectUrl, webhookUrl, onActions: options.actions === true }),
    }),
    async redeem(code) {
      const app = await redeem(githubUrl, code);
      const kept = app.known
        ? await keep(app.value, { githubUrl, publicUrl: publicUrlOf(webhookUrl), isForced: options.force === true }, io)
        : app;
      if (!kept.known) {
        const undo = app.known ? ` Delete the App at ${app.value.html_url}, then begin again.` : " Begin again.";
        io.err(`sallyport setup: ${oneLine(kept.why)}.${undo}\n`);
        return kept;
      }
      io.err(nextText(kept.value, webhookUrl));
      return known(kept.value.install);
    },
  });
  io.err(`Open this page and press its button: ${page.url}/\n`);
  const isDone = await page.done;
  page.close();
  return isDone;
}

type Kept = { app: string; publicKey: string | null; install: string };

/** Writes the settings and the ledger's key, for the eyes of this user only. */
async function keep(
  app: CreatedApp,
  { githubUrl, publicUrl, isForced }: { githubUrl: string; publicUrl: string | null; isForced: boolean },
  io: Io,
): Promise<Known<Kept>> {
  const path = join(io.cwd, envFile);
  const key = await writeLedgerKey(join(io.cwd, ledgerFile));
  if (!key.known && !existsSync(join(io.cwd, ledgerFile))) return key;
  const secret = app.webhook_secret ?? randomBytes(32).toString("hex");
  const lines = [
    `# The GitHub App ${oneLine(app.name)}, made by \`sallyport setup\`. .env.example explains each line and lists the others.`,
    `APP_ID=${app.id}`,
    `PRIVATE_KEY="${app.pem.trim().replaceAll("\n", "\\n")}"`,
    `WEBHOOK_SECRET=${secret}`,
    `LEDGER_KEY_PATH=${ledgerFile}`,
    ...(githubUrl === "https://github.com" ? [] : [`GITHUB_API_URL=${apiUrlOf(githubUrl)}`]),
    ...(publicUrl === null
      ? []
      : [
          "# The service's pages, to which people sign in with GitHub.",
          `PUBLIC_URL=${publicUrl}`,
          // A port there is the service's own; behind https another program listens.
          ...(publicUrl.startsWith("http:") ? [`PORT=${new URL(publicUrl).port || "80"}`] : []),
          `GITHUB_CLIENT_ID=${app.client_id}`,
          `GITHUB_CLIENT_SECRET=${app.client_secret}`,
        ]),
    "# Plans and agents need a key of the service that the policy names; gates do without.",
    "ANTHROPIC_API_KEY=",
    "OPENAI_API_KEY=",
    "GOOGLE_API_KEY=",
    "",
  ];
  try {
    // Taken away first: a file that is there keeps its mode, and a link leads elsewhere.
    if (isForced) await rm(path, { force: true });
    await writeFile(path, lines.join("\n"), { mode: 0o600, flag: "wx" });
  } catch (error) {
    return unknown(`${envFile} cannot be written: ${fileProblem(error)}`);
  }
  const install = `${app.html_url}/installations/new`;
  return known({ app: app.name, publicKey: key.known ? key.value : null, install });
}

function nextText({ app, publicKey, install }: Kept, webhookUrl: string | null): string {
  const smee = webhookUrl?.startsWith(`${smeeUrl}/`) === true;
  return [
    `Made the App ${oneLine(app)}. Wrote ${envFile}${publicKey === null ? `; ${ledgerFile} was there and is used` : ` and ${ledgerFile}`}: keep both where only the service reads them.`,
    `1. Install it, if the browser did not go there: ${install}`,
    "2. For plans and agents, write ANTHROPIC_API_KEY, OPENAI_API_KEY or GOOGLE_API_KEY into .env.",
    "3. Run: npx sallyport serve",
    ...(smee ? [`   and beside it: npx smee-client --url ${webhookUrl} --path ${webhookPath}`] : []),
    ...(webhookUrl === null
      ? ["   It looks every five minutes; a webhook address in the App's settings makes it prompt."]
      : []),
    "4. Name people in the pull request that it opens in each repository without a policy, and merge it.",
    "",
  ].join("\n");
}

const smeeUrl = "https://smee.io";

/** A new channel, which everybody who knows its address can read. */
async function newChannel(): Promise<Known<string>> {
  const answer = await fetch(`${smeeUrl}/new`, { redirect: "manual", signal: AbortSignal.timeout(15_000) }).catch(
    () => null,
  );
  const channel = answer?.headers.get("location") ?? "";
  if (channel.startsWith(`${smeeUrl}/`)) return known(channel);
  return unknown(`${smeeUrl} gives no channel; leave out --smee, or write --webhook-url`);
}
