import type { GitHub } from "../../collect/github/request.ts";
import type { LedgerHead } from "../../core/ledger/entry.ts";

/** The ledger's head as one of our checks recorded it, and the commit that the check is on. */
export type Anchor = { seq: number; hash: string; sha: string };

/** The most pull requests that are read, last changed first: the newest check is on one of them. */
const maxPulls = 30;

/** The text about the ledger's head in a check: a second record, by which a truncated ledger is found. */
export function anchorText(head: LedgerHead): string {
  if (head === null) return "The ledger has no entry yet.";
  return [
    `Ledger head: \`${head.seq}:${head.hash}\``,
    "",
    "`sallyport ledger verify <clone> --head <this>` finds a ledger that was cut short after this entry.",
  ].join("\n");
}

/** The furthest entry that our checks name; null if there is none. Only our App can have written a check of its own. */
export async function readAnchor({ request, owner, repo }: GitHub, appId: number): Promise<Anchor | null> {
  const { data: pulls } = await request("GET /repos/{owner}/{repo}/pulls", {
    owner,
    repo,
    state: "all",
    sort: "updated",
    direction: "desc",
    per_page: maxPulls,
  });
  let latest: Anchor | null = null;
  for (const sha of new Set(pulls.map((pull) => pull.head.sha))) {
    const { data } = await request("GET /repos/{owner}/{repo}/commits/{ref}/check-runs", {
      owner,
      repo,
      ref: sha,
      app_id: appId,
      filter: "all",
      per_page: 100,
    });
    for (const run of data.check_runs) {
      const [, seq, hash] = /`([1-9][0-9]{0,9}):([0-9a-f]{64})`/.exec(run.output.text ?? "") ?? [];
      if (seq === undefined || hash === undefined || Number(run.app?.id) !== appId) continue;
      if (latest === null || Number(seq) > latest.seq) latest = { seq: Number(seq), hash, sha };
    }
  }
  return latest;
}
