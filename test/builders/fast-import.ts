import { type Node, plainGit } from "./git-repository.ts";

/** Quotes a path byte by byte, so that any name is possible. Source: git-fast-import(1), "filemodify". */
function quoted(path: string): string {
  const bytes = [...Buffer.from(path)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`);
  return `"${bytes.join("")}"`;
}

function change(path: string, { mode, content }: Node): Buffer[] {
  if (mode === "160000") return [Buffer.from(`M ${mode} ${content.toString("latin1")} ${quoted(path)}\n`)];
  return [Buffer.from(`M ${mode} inline ${quoted(path)}\ndata ${content.length}\n`), content, Buffer.from("\n")];
}

/** Writes one commit without parents for each listing of files, all through one git process; gives the commits' ids. */
export function importCommits(dir: string, listings: readonly ReadonlyMap<string, Node>[]): string[] {
  const who = "committer Ada <ada@example.com> 0 +0000";
  const stream = listings.flatMap((files, index) => [
    Buffer.from(`reset refs/heads/c${index}\n\ncommit refs/heads/c${index}\nmark :${index + 1}\n${who}\n`),
    Buffer.from("data 0\ndeleteall\n"),
    ...[...files].flatMap(([path, node]) => change(path, node)),
    Buffer.from(`\nget-mark :${index + 1}\n`),
  ]);
  const said = plainGit(
    dir,
    ["fast-import", "--quiet", "--force", "--done"],
    Buffer.concat([...stream, Buffer.from("done\n")]),
  );
  return said.split("\n").filter(Boolean);
}
