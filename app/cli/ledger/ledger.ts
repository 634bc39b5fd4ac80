import { setTimeout } from "node:timers/promises";
import { Command, Option } from "commander";
import type { Io } from "../../terminal/io.ts";
import { type BundleOptions, forms, printBundle } from "./bundle.ts";
import { type ContinuityOptions, printContinuity } from "./continuity.ts";
import { exportArchive } from "./export.ts";
import { importArchive } from "./import.ts";
import { keygen } from "./keygen.ts";
import { type ShowOptions, showLedger } from "./show.ts";
import { withKeys } from "./trusted-keys.ts";
import { type VerifyOptions, verifyLedger } from "./verify.ts";
import { printSummary, type VsaOptions } from "./vsa.ts";

const sourceHelp = "a clone of the governed repository, an imported folder or an archive";

const example = (line: string) => `\nExample:\n  npx sallyport ledger ${line}`;

/** How often `--follow` looks for new entries, in milliseconds. */
const followEvery = 2_000;

async function untilInterrupted(): Promise<boolean> {
  await setTimeout(followEvery);
  return true;
}

/**
 * `sallyport ledger`: verifies a ledger offline, reads it, copies it, makes its signing key. `show --follow` calls
 * `wait` between two readings; false ends it.
 */
export function ledgerCommand(io: Io, wait = untilInterrupted): Command {
  const command = new Command("ledger").description(
    "verify, read and copy a repository's ledger, with no server and no token",
  );
  withKeys(command.command("verify"))
    .description("check every entry of a ledger against the public keys of its policy")
    .argument("[place]", sourceHelp, ".")
    .option("--head <seq:hash>", "an entry that must be there, as the check run's text shows it: finds a cut tail")
    .option("--pr <number>", "follow this pull request back to the person who approved or adopted it")
    .option("--json", "print the report as JSON")
    .addHelpText("after", example("verify web.git --pr 7"))
    .action((source: string, options: VerifyOptions) => verifyLedger(io, source, options));
  command
    .command("show")
    .description("print a ledger, one entry a line; nothing is verified")
    .argument("[place]", sourceHelp, ".")
    .option("--kind <kind>", "only entries of this kind, such as concern.raised, or of all that begin so: concern")
    .option("--story <number>", "only entries of this story")
    .option("--pr <number>", "only entries of this pull request")
    .option("--run <run>", "only entries of this run, such as run-7-1")
    .option("--person <login>", "only what this person did; a numeric id does too")
    .option("--follow", "go on printing what is added, until interrupted")
    .option("--json", "print whole entries as JSON lines")
    .addHelpText("after", example("show web.git --story 12 --kind concern"))
    .action((source: string, options: ShowOptions) => showLedger(io, source, options, wait));
  withKeys(command.command("bundle"))
    .description("print what was seen of a pull request: prompt, answer, model, files, checks, merge")
    .argument("[place]", sourceHelp, ".")
    .requiredOption("--pr <number>", "the pull request")
    .option("--json", "print the bundle as JSON")
    .option("--html", "print the evidence as a page in one file, to be read without a network")
    .addOption(new Option("--form <form>", "print it in a form that others read, as JSON").choices(forms))
    .addHelpText("after", example("bundle web.git --pr 7 --html > 7.html"))
    .action((source: string, options: BundleOptions) => printBundle(io, source, options));
  withKeys(command.command("vsa"))
    .description("print the SLSA source summary of a merged pull request as an in-toto statement")
    .argument("[place]", sourceHelp, ".")
    .requiredOption("--pr <number>", "the pull request")
    .addHelpText("after", example("vsa web.git --pr 7"))
    .action((source: string, options: VsaOptions) => printSummary(io, source, options));
  withKeys(command.command("continuity"))
    .description("say which revisions of a branch were verified, since when without a gap, and where the gaps are")
    .argument("[place]", "a clone of the governed repository", ".")
    .option("--branch <name>", "the branch (default: the default branch)")
    .option("--json", "print every revision as JSON")
    .addHelpText("after", example("continuity web.git --branch main"))
    .action((source: string, options: ContinuityOptions) => printContinuity(io, source, options));
  command
    .command("export")
    .description("write a ledger into one archive, with the SHA-256 of each file")
    .argument("[place]", sourceHelp, ".")
    .requiredOption("--out <file.tar>", "where to write it; an existing file is never replaced")
    .addHelpText("after", example("export web.git --out ledger.tar"))
    .action((source: string, options: { out: string }) => exportArchive(io, source, options.out));
  command
    .command("import")
    .description("unpack an archive into a new folder, after every file of it was checked")
    .argument("<file.tar>", "an archive that `ledger export` wrote")
    .requiredOption("--into <folder>", "the folder to make; an existing one is never written to")
    .addHelpText("after", example("import ledger.tar --into ledger"))
    .action((archive: string, options: { into: string }) => importArchive(io, archive, options.into));
  command
    .command("keygen")
    .description("make the private key that signs a ledger, and print its public key for the policy")
    .requiredOption("--out <file>", "where to write the private key; an existing file is never replaced")
    .addHelpText("after", example("keygen --out ledger.pem"))
    .action((options: { out: string }) => keygen(io, options.out));
  return command;
}
