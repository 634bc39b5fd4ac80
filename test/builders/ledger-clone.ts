import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { branchFiles, evidenceBranch } from "../../core/ledger/branch.ts";
import { runLedger } from "../hosts/run-ledger.ts";
import { commitFiles, file, makeRepository, type Node, plainGit } from "./git-repository.ts";

/** A governed repository and a clone of it, in a temporary folder that relative paths of the command start from. */
export function makeLedgerClone() {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-"));
  const clone = join(folder, "clone");
  const repository = makeRepository();
  const point = (branch: string, files: ReadonlyMap<string, Node>) =>
    plainGit(repository.dir, ["update-ref", `refs/heads/${branch}`, commitFiles(repository.dir, files)]);
  const fetch = () => plainGit(clone, ["fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*"]);
  point("main", new Map([["a", file("1\n")]]));
  plainGit(folder, ["clone", "-q", `file://${repository.dir}`, clone]);
  return {
    folder,
    clone,
    bare: repository.dir,
    run: (args: string[], color = false) => runLedger(folder, args, color),
    /** Puts a ledger on the evidence branch, with these files beside it, and fetches it into the clone. */
    publish(chain: readonly string[], extra: Record<string, Node> = {}): void {
      const fresh = chain.map((line, index) => ({ seq: index + 1, line }));
      const files = new Map<string, Node>([["README.md", file("about\n")]]);
      for (const { path, content } of branchFiles([], fresh)) files.set(path, file(Buffer.from(content)));
      for (const [path, node] of Object.entries(extra)) files.set(path, node);
      point(evidenceBranch, files);
      fetch();
    },
    /** Puts a policy on the default branch. */
    govern(policy: string): void {
      point("main", new Map([[".github/sallyport.yml", file(policy)]]));
      fetch();
    },
    remove(): void {
      repository.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
