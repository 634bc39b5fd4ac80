import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SallyportError } from "../../core/errors.ts";
import { evidenceBranch } from "../../core/ledger/branch.ts";
import { waitFor } from "./acting.ts";
import { git } from "./governed.ts";
import { runProgram } from "./hosts.ts";

/** The verifier's results for a fresh clone, and for the same clone with one byte changed. */
export type Proof = { entries: number; head: string; tampered: string };

/**
 * Clones the governed repository as a stranger would and verifies its ledger with the public key alone; then changes
 * one byte of one entry and shows that the verifier finds it.
 */
export async function proveLedger(options: {
  cloneUrl: string;
  branch: string;
  dir: string;
  publicKeyFile: string;
  path: string | undefined;
  head: string;
}): Promise<Proof & { clone: string }> {
  const { cloneUrl, branch, dir, publicKeyFile, path, head } = options;
  const clone = join(dir, "governed.git");
  const verify = (where: string, more: string[] = []) =>
    runProgram(
      "sallyport",
      ["ledger", "verify", where, "--key", publicKeyFile, "--json", ...more],
      { PATH: path },
      dir,
    );

  await startMirror(clone, branch);
  // The last entries are published a moment after the effects that caused them.
  const seen = await waitFor("the ledger's last entry on the evidence branch", async () => {
    await git(clone, ["fetch", "--quiet", "--force", cloneUrl, "+refs/heads/*:refs/heads/*"]);
    const { code, out } = await verify(clone, ["--head", head]);
    return code === 0 ? out : null;
  });
  const report: { entries: number; head: { seq: number; hash: string } } = JSON.parse(seen);

  const copy = join(dir, "tampered");
  await git(dir, ["clone", "--quiet", "--branch", evidenceBranch, "--", clone, copy]);
  const file = join(copy, "ledger", "0001.jsonl");
  const bytes = await readFile(file);
  const victim = Math.floor(bytes.length / 2);
  bytes[victim] = bytes[victim] === 0x41 ? 0x42 : 0x41;
  await writeFile(file, bytes);
  await git(copy, ["commit", "--quiet", "--all", "--message", "Change one byte of history"], "mallory");
  const tampered = await verify(copy);
  const found: { problems: { position: number; message: string }[] } =
    tampered.code === 1 ? JSON.parse(tampered.out) : { problems: [] };
  const [problem] = found.problems;
  if (problem === undefined) throw new SallyportError("internal", "a changed byte in the ledger was not noticed");
  return { clone, entries: report.entries, head: `${report.head.seq}:${report.head.hash}`, tampered: problem.message };
}

/** Makes an empty mirror whose default branch is told, as a clone's is: the policy of the ledger's keys stands there. */
export async function startMirror(mirror: string, branch: string): Promise<void> {
  await git(dirname(mirror), ["init", "--quiet", "--bare", `--initial-branch=${branch}`, mirror]);
}
