/** The message of a merge's commit, as GitHub writes it by default. */

import type { Pull } from "../state/model.ts";
import { readCommits } from "./commits.ts";

export type MessageOrder = {
  merge_method: "merge" | "squash" | "rebase";
  commit_title?: string | undefined;
  commit_message?: string | undefined;
};

/** `base` is the commit that the pull request is merged onto. */
export async function mergeMessage(pull: Pull, base: string, order: MessageOrder): Promise<string> {
  const { number, title, repository } = pull.issue;
  const owner = pull.head.repository.owner.login;
  if (order.merge_method === "merge") {
    const heading = order.commit_title ?? `Merge pull request #${number} from ${owner}/${pull.head.ref}`;
    const text = order.commit_message ?? title;
    return text === "" ? heading : `${heading}\n\n${text}`;
  }
  const heading = order.commit_title ?? `${title} (#${number})`;
  const commits = await readCommits(repository.dir, ["--reverse", `${base}..${pull.head.sha}`]);
  const [first] = commits;
  const listed =
    commits.length === 1
      ? (first?.message.split("\n\n").slice(1).join("\n\n") ?? "")
      : commits.map(({ message }) => `* ${message}`).join("\n\n");
  const text = order.commit_message ?? listed;
  return text === "" ? heading : `${heading}\n\n${text}`;
}
