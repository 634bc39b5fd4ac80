/** Branches as GraphQL shows them. */
import { branchTip } from "../git/git.ts";
import { objectNodeId } from "../present/commits.ts";
import { type Asker, demand } from "./asker.ts";
import { commitNode } from "./objects.ts";

/** Null when there is no such branch. */
export async function refNode(asker: Asker, branch: string) {
  demand(asker, "contents=read");
  const tip = await branchTip(asker.repository.dir, branch);
  if (tip === undefined) return null;
  return {
    __typename: "Ref",
    id: objectNodeId(asker.repository, `refs/heads/${branch}`),
    name: branch,
    prefix: "refs/heads/",
    target: () => commitNode(asker, tip),
  };
}
