import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Command } from "commander";
import { type GitLedger, readGitLedger } from "../../collect/ledger.ts";
import {
  type BranchReading,
  bodyPath,
  evidenceBranch,
  readSegments,
  strayFiles,
  wrongBodies,
} from "../../core/evidence-branch.ts";
import { formatPublicKey, parsePublicKey } from "../../core/keys.ts";
import { type Entry, readEntry } from "../../core/ledger.ts";
import { verifyChain } from "../../core/ledger-verify.ts";
import { BodyRef } from "../../schemas/entries.ts";
import type { Io } from "./io.ts";
import { type BranchReport, entryText, placeOf, reportText } from "./ledger-report.ts";

/** `sallyport ledger`: verify a ledger offline, read it, make the key that signs it. */
export function ledgerCommand(io: Io): Command {
  const command = new Command("ledger").description(
    "verify and read a repository's ledger, with no server and no token",
  );
  command
    .command("verify")
    .description("check every entry of a clone's ledger against the public key")
    .argument("<dir>", "a clone of the governed repository")
    .requiredOption(
      "--key <key>",
      "the public key: a PEM file, or `ed25519:…` as the policy has it; repeat it for each key the ledger was signed with",
      (key: string, before: string[] = []) => [...before, key],
    )
    .option(
      "--head <seq:hash>",
      "an entry that must be there, as the check run's text shows it: finds a cut tail",
    )
    .option("--repository-id <id>", "the repository's numeric id on GitHub")
    .option("--json", "print the report as JSON")
    .action((dir: string, options: VerifyOptions) => verifyCommand(io, dir, options));
  command
    .command("show")
    .description("print a clone's ledger, one entry a line; nothing is verified")
    .argument("<dir>", "a clone of the governed repository")
    .option("--kind <kind>", "only entries of this kind")
    .option("--story <number>", "only entries of this story")
    .option("--json", "print whole entries as JSON lines")
    .action((dir: string, options: ShowOptions) => showCommand(io, dir, options));
  command
    .command("keygen")
    .description("make the private key that signs a ledger, and print its public key for the policy")
    .requiredOption("--out <file>", "where to write the private key; an existing file is never replaced")
    .action((options: { out: string }) => keygenCommand(io, options.out));
  return command;
}

type VerifyOptions = { key: string[]; head?: string; repositoryId?: string; json?: boolean };
type ShowOptions = { kind?: string; story?: string; json?: boolean };

/** A line for people on standard error, and the exit status. */
function stop(io: Io, command: string, message: string, status: 1 | 2): void {
  io.err(`sallyport ledger ${command}: ${message}\n`);
  io.exit(status);
}

/** A positive whole number from the command line; null: it is none. */
function wholeNumber(text: string): number | null {
  return /^[1-9][0-9]{0,14}$/.test(text) ? Number(text) : null;
}

async function openBranch(io: Io, command: string, dir: string): Promise<GitLedger | null> {
  const place = resolve(io.cwd, dir);
  const ledger = await readGitLedger(place);
  if (ledger.known && ledger.value !== null) return ledger.value;
  const missing = `${place} has no branch ${evidenceBranch}; fetch it: git fetch origin ${evidenceBranch}:${evidenceBranch}`;
  stop(io, command, ledger.known ? missing : ledger.why, 2);
  return null;
}

async function verifyCommand(io: Io, dir: string, options: VerifyOptions): Promise<void> {
  const anchor = options.head === undefined ? undefined : readHead(options.head);
  if (anchor === null) {
    return stop(io, "verify", "--head takes <seq>:<64 hex digits>, as the check run's text shows it", 2);
  }
  const repository = options.repositoryId === undefined ? undefined : wholeNumber(options.repositoryId);
  if (repository === null) return stop(io, "verify", "--repository-id takes a whole number", 2);
  const keys: { key: KeyObject }[] = [];
  for (const text of options.key) {
    try {
      keys.push({ key: await readKey(io, text) });
    } catch (error) {
      return stop(
        io,
        "verify",
        `--key ${text}: ${error instanceof Error ? error.message : String(error)}`,
        2,
      );
    }
  }
  const branch = await openBranch(io, "verify", dir);
  if (branch === null) return;
  const named = new Set<string>();
  const reading = readSegments(branch.files);
  const chain = verifyChain(reading.ok ? reading.lines : [], keys, {
    expectRepositoryId: repository,
    anchor,
    visit: (entry) => {
      for (const sha256 of bodiesOf(entry)) named.add(sha256);
    },
  });
  const problems = [...(reading.ok ? chain.problems : [layoutProblem(reading)]), ...bodyProblems(branch)];
  const present = [...named].filter((sha256) => branch.files.has(bodyPath(sha256))).length;
  const strays = strayFiles(branch.files).map((path) => ({
    position: 0,
    message: `${JSON.stringify(path)} is no part of a ledger: somebody else wrote to the branch`,
  }));
  const report: BranchReport = {
    ...chain,
    ok: problems.length === 0,
    problems,
    notes: [...chain.notes, ...strays],
    ref: branch.ref,
    commit: branch.commit,
    bodies: { named: named.size, present },
    anchored: anchor !== undefined,
  };
  io.out(options.json === true ? `${JSON.stringify(report, null, 2)}\n` : reportText(report, io.color));
  io.exit(report.ok ? 0 : 1);
}

function readHead(text: string): { seq: number; hash: string } | null {
  const [, seq = "", hash = ""] = /^([0-9]+):([0-9a-f]{64})$/.exec(text) ?? [];
  const number = wholeNumber(seq);
  return number === null ? null : { seq: number, hash };
}

async function readKey(io: Io, text: string): Promise<KeyObject> {
  return parsePublicKey(text.startsWith("ed25519:") ? text : await readFile(resolve(io.cwd, text), "utf8"));
}

function layoutProblem({ position, message }: Extract<BranchReading, { ok: false }>) {
  return { code: "bad-layout" as const, position, message: `nothing was verified: ${message}` };
}

function bodyProblems({ files }: GitLedger) {
  return wrongBodies(files).map((path) => ({
    code: "bad-body" as const,
    position: 0,
    message: `${JSON.stringify(path)} is not the content that its name says`,
  }));
}

/** The digests of the large bodies that an entry refers to. */
function bodiesOf(entry: Entry): string[] {
  return Object.values(entry.body).flatMap((value) => {
    const body = BodyRef.safeParse(value);
    return body.success ? [body.data.sha256] : [];
  });
}

async function showCommand(io: Io, dir: string, options: ShowOptions): Promise<void> {
  const story = options.story === undefined ? undefined : wholeNumber(options.story);
  if (story === null) return stop(io, "show", "--story takes an issue's number", 2);
  const branch = await openBranch(io, "show", dir);
  if (branch === null) return;
  const reading = readSegments(branch.files);
  if (!reading.ok) return stop(io, "show", `the ledger is broken: ${reading.message}`, 1);
  for (const [place, line] of reading.lines.entries()) {
    const read = readEntry(line, place + 1);
    if (!read.ok) return stop(io, "show", `${read.problem.message} [${placeOf(place + 1)}]`, 1);
    const { entry } = read;
    if (options.kind !== undefined && entry.kind !== options.kind) continue;
    if (story !== undefined && entry.body.story !== story) continue;
    io.out(`${options.json === true ? JSON.stringify(entry) : entryText(entry)}\n`);
  }
  io.exit(0);
}

async function keygenCommand(io: Io, out: string): Promise<void> {
  const { privateKey } = generateKeyPairSync("ed25519");
  const path = resolve(io.cwd, out);
  try {
    await writeFile(path, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600, flag: "wx" });
  } catch (error) {
    const taken = typeof error === "object" && error !== null && "code" in error && error.code === "EEXIST";
    const why = taken ? "exists already and is never replaced" : "cannot be written";
    return stop(io, "keygen", `${path} ${why}; name another file`, 2);
  }
  io.out(`${formatPublicKey(createPublicKey(privateKey))}\n`);
  io.err(
    `wrote the private key to ${path}; keep it where only the service reads it, and put the public key into the policy\n`,
  );
  io.exit(0);
}
