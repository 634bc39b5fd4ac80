import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { readDefaultPolicy } from "../../../collect/policy/of-clone.ts";
import { parsePolicy } from "../../../collect/policy/policy.ts";
import { messageOf } from "../../../core/errors.ts";
import { type Known, known, unknown } from "../../../core/known.ts";
import { type LedgerKey, pinnedKeys } from "../../../core/ledger/keyring.ts";
import { parsePublicKey } from "../../../core/ledger/public-key.ts";
import { problemLines } from "../../../core/policy/problem.ts";
import { policyPath } from "../../../schemas/limits.ts";
import type { Policy } from "../../../schemas/policy.ts";
import { fileProblem } from "../../terminal/file-problem.ts";
import type { Io } from "../../terminal/io.ts";
import type { LedgerSource } from "./place.ts";

/** The keys that a verification trusts, and their source, for people. */
export type TrustedKeys = { keys: LedgerKey[]; source: string };

export type KeyOptions = { key?: string[]; policy?: string; repositoryId?: string };

/** Adds the options that choose the trusted keys to a command that verifies. */
export function withKeys(command: Command): Command {
  return command
    .option(
      "--key <key>",
      "a public key to trust in place of the policy's: a PEM file, or `ed25519:…` as the policy has it; repeat it for each",
      (key: string, before: string[] = []) => [...before, key],
    )
    .option("--policy <file>", "the policy file whose `ledger.keys` are trusted, in place of the clone's own")
    .option(
      "--repository-id <id>",
      "the repository's numeric id on GitHub: refuses the ledger of another one that the same App signed",
    );
}

/**
 * The keys named on the command line: `--key` before `--policy`. Null if neither is given, so that the ledger's source
 * decides. Unknown if they cannot be read.
 */
export async function givenKeys(io: Io, options: KeyOptions): Promise<Known<TrustedKeys | null>> {
  if (options.key !== undefined) {
    const keys: LedgerKey[] = [];
    for (const text of options.key) {
      try {
        keys.push({ key: await readKey(io, text) });
      } catch (error) {
        return unknown(`--key ${text}: ${isFileError(error) ? fileProblem(error) : messageOf(error)}`);
      }
    }
    return known({ keys, source: "--key" });
  }
  if (options.policy === undefined) return known(null);
  const file = resolve(io.cwd, options.policy);
  const content = await readFile(file).catch(() => null);
  if (content === null) return unknown(`the policy file ${file} cannot be read; check the path given with --policy`);
  const parsed = parsePolicy(content);
  if (parsed.ok) return keysOf(parsed.policy, file);
  return unknown(problemLines(parsed.problems, file).join("; "));
}

/** The given keys, or else those of the policy in the ledger's clone. */
export async function trustedKeys(given: TrustedKeys | null, source: LedgerSource): Promise<Known<TrustedKeys>> {
  if (given !== null) return known(given);
  if (source.kind === "git") return cloneKeys(source.path);
  return unknown(
    `the ${source.kind} ${source.path} has no policy that names keys: give --policy <file> or --key <key>`,
  );
}

/**
 * The keys pinned by the policy on a clone's default branch. They are worth as much as the clone: its maker chose them.
 */
async function cloneKeys(dir: string): Promise<Known<TrustedKeys>> {
  const policy = await readDefaultPolicy(dir);
  const instead = "name the keys with --key or --policy";
  if (!policy.known) return unknown(`the policy of ${dir} cannot be read: ${policy.why}; ${instead}`);
  const { value } = policy;
  if (value.state === "absent") return unknown(`${dir} has no policy at ${value.ref}; ${instead}`);
  const source = `${policyPath} at ${value.ref}`;
  if (value.state === "malformed")
    return unknown(`${source} is malformed: ${problemLines(value.problems, policyPath).join("; ")}; ${instead}`);
  return keysOf(value.policy, source);
}

function keysOf(policy: Policy, source: string): Known<TrustedKeys> {
  const keys = pinnedKeys(policy);
  if (keys.length === 0)
    return unknown(`${source} pins no key: add its public key under \`ledger.keys\`, or name it with --key`);
  return known({ keys, source });
}

function isFileError(error: unknown): boolean {
  return typeof error === "object" && error !== null && "syscall" in error;
}

async function readKey(io: Io, text: string) {
  return parsePublicKey(text.startsWith("ed25519:") ? text : await readFile(resolve(io.cwd, text), "utf8"));
}
