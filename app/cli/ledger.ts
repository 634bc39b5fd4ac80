import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Command } from "commander";
import { type GitLedger, readGitLedger } from "../../collect/ledger.ts";
import {
  bodyPath,
  evidenceBranch,
  readSegments,
  segmentPath,
  wrongBodies,
} from "../../core/evidence-branch.ts";
import { formatPublicKey, parsePublicKey } from "../../core/keys.ts";
import { type Entry, readEntry } from "../../core/ledger.ts";
import { type ChainReport, verifyChain } from "../../core/ledger-verify.ts";
import type { Io } from "./io.ts";

/** `sallyport ledger`: verify a ledger offline, read it, make the key that signs it. */
export function ledgerCommand(io: Io): Command {
  const command = new Command("ledger").description(
    "verify and read a repository's ledger, with no server and no token",
  );
  command
    .command("verify")
    .description("check every entry of a clone's ledger against a public key")
    .argument("<dir>", "a clone of the governed repository")
    .requiredOption("--key <key>", "the public key: a PEM file, or `ed25519:…` as the policy has it")
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

type VerifyOptions = { key: string; head?: string; repositoryId?: string; json?: boolean };
type ShowOptions = { kind?: string; story?: string; json?: boolean };

/** A line for people on standard error, and the exit status for bad input. */
function refuse(io: Io, command: string, message: string): void {
  io.err(`sallyport ledger ${command}: ${message}\n`);
  io.exit(2);
}

async function openLedger(
  io: Io,
  command: string,
  dir: string,
): Promise<{ ledger: GitLedger; lines: string[] } | null> {
  const place = resolve(io.cwd, dir);
  const ledger = await readGitLedger(place);
  if (!ledger.known) {
    refuse(io, command, ledger.why);
    return null;
  }
  if (ledger.value === null) {
    const fetch = `git fetch origin ${evidenceBranch}:${evidenceBranch}`;
    refuse(io, command, `${place} has no branch ${evidenceBranch}; fetch it: ${fetch}`);
    return null;
  }
  const read = readSegments(ledger.value.files);
  if (!read.ok) {
    io.err(`sallyport ledger ${command}: the ledger is broken: ${read.message}\n`);
    io.exit(1);
    return null;
  }
  return { ledger: ledger.value, lines: read.lines };
}

async function verifyCommand(io: Io, dir: string, options: VerifyOptions): Promise<void> {
  const anchor = options.head === undefined ? undefined : /^([1-9][0-9]*):([0-9a-f]{64})$/.exec(options.head);
  if (anchor === null)
    return refuse(io, "verify", "--head takes <seq>:<64 hex digits>, as the check run's text shows it");
  let key: ReturnType<typeof parsePublicKey>;
  try {
    key = parsePublicKey(
      options.key.startsWith("ed25519:") ? options.key : await readFile(resolve(io.cwd, options.key), "utf8"),
    );
  } catch (error) {
    return refuse(
      io,
      "verify",
      `--key ${options.key}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const opened = await openLedger(io, "verify", dir);
  if (opened === null) return;
  const { ledger, lines } = opened;
  const referred = new Set<string>();
  const report = verifyChain(lines, [{ key }], {
    expectRepositoryId: options.repositoryId === undefined ? undefined : Number(options.repositoryId),
    anchor: anchor === undefined ? undefined : { seq: Number(anchor[1]), hash: anchor[2] ?? "" },
    visit: (entry) => {
      for (const sha256 of bodiesOf(entry)) referred.add(sha256);
    },
  });
  for (const path of wrongBodies(ledger.files)) {
    report.problems.push({
      code: "bad-body",
      position: 0,
      message: `${path} is not the content that its name says`,
    });
    report.ok = false;
  }
  const bodies = {
    present: [...referred].filter((sha256) => ledger.files.has(bodyPath(sha256))).length,
    referred: referred.size,
  };
  if (options.json === true) {
    io.out(`${JSON.stringify({ ...report, commit: ledger.commit, bodies }, null, 2)}\n`);
  } else {
    io.out(reportText(report, ledger, bodies, options.head !== undefined, io.color));
  }
  io.exit(report.ok ? 0 : 1);
}

/** The digests of the large bodies that an entry refers to. */
function bodiesOf(entry: Entry): string[] {
  return Object.values(entry.body).flatMap((value) => {
    if (typeof value !== "object" || value === null || !("sha256" in value) || !("mediaType" in value))
      return [];
    return typeof value.sha256 === "string" ? [value.sha256] : [];
  });
}

function reportText(
  report: ChainReport,
  ledger: GitLedger,
  bodies: { present: number; referred: number },
  anchored: boolean,
  color: boolean,
): string {
  const paint = (code: number, text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const lines = [report.ok ? paint(32, "verified") : paint(31, "broken"), ""];
  lines.push(`  branch      ${ledger.ref} at ${ledger.commit}`);
  lines.push(
    `  repository  ${report.repository === null ? "unknown" : `${report.repository.name} (id ${report.repository.id})`}`,
  );
  lines.push(
    `  entries     ${report.entries}${report.first === null ? "" : `, from ${report.first} to ${report.last}`}`,
  );
  if (report.head !== null) lines.push(`  head        ${report.head.seq}:${report.head.hash}`);
  lines.push(`  signed by   ${report.keyids.map((id) => `${id.slice(0, 16)}…`).join(", ") || "nobody"}`);
  lines.push(
    `  bodies      ${bodies.present} of ${bodies.referred} are here; of the others the ledger has the digest`,
  );
  if (report.problems.length > 0) {
    lines.push("", "Problems:");
    for (const problem of report.problems) {
      const place =
        problem.position === 0
          ? ""
          : ` [${segmentPath(problem.position)}, line ${((problem.position - 1) % 500) + 1}]`;
      lines.push(`  ${paint(31, problem.code)}: ${problem.message}${place}`);
    }
    return `${lines.join("\n")}\n`;
  }
  lines.push(
    "",
    "This proves: each entry was signed by the given key, none was changed, dropped, added or moved since, and the bodies",
    "that are here are the ones that were recorded.",
    anchored
      ? "The given head is part of it, so nothing up to there was cut off."
      : "It does not prove that nothing was cut off at the end: compare with a head from a check run (--head).",
    "It does not prove that what the App recorded was all that happened, nor that the key was kept safe.",
  );
  return `${lines.join("\n")}\n`;
}

async function showCommand(io: Io, dir: string, options: ShowOptions): Promise<void> {
  const opened = await openLedger(io, "show", dir);
  if (opened === null) return;
  for (const [place, line] of opened.lines.entries()) {
    const read = readEntry(line, place + 1);
    if (!read.ok) {
      io.err(`sallyport ledger show: ${read.problem.message}\n`);
      io.exit(1);
      return;
    }
    const { entry } = read;
    if (options.kind !== undefined && entry.kind !== options.kind) continue;
    if (options.story !== undefined && entry.body.story !== Number(options.story)) continue;
    io.out(options.json === true ? `${JSON.stringify(entry)}\n` : `${entryText(entry)}\n`);
  }
  io.exit(0);
}

function entryText(entry: Entry): string {
  const about = ["story", "prompt", "pull", "run", "issue", "epic"].flatMap((name) =>
    entry.body[name] === undefined || entry.body[name] === null
      ? []
      : [`${name} ${String(entry.body[name])}`],
  );
  return `${String(entry.seq).padStart(5)}  ${entry.at}  ${entry.kind.padEnd(18)}  ${entry.actor.login.padEnd(16)}  ${about.join(", ")}`;
}

async function keygenCommand(io: Io, out: string): Promise<void> {
  const { privateKey } = generateKeyPairSync("ed25519");
  const path = resolve(io.cwd, out);
  try {
    await writeFile(path, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600, flag: "wx" });
  } catch (error) {
    const taken = error instanceof Error && "code" in error && error.code === "EEXIST";
    return refuse(
      io,
      "keygen",
      taken ? `${path} exists already and is never replaced; name another file` : `cannot write ${path}`,
    );
  }
  io.out(`${formatPublicKey(createPublicKey(privateKey))}\n`);
  io.err(
    `wrote the private key to ${path}; keep it where only the service reads it, and put the public key into the policy\n`,
  );
  io.exit(0);
}
