/** Which branches stand at a commit. */
import { listRefs } from "./git.ts";
import type { Repository } from "./model.ts";

/** Their names without `refs/heads/`, the default branch first. */
export async function branchesAt(repository: Repository, sha: string): Promise<string[]> {
  const refs = await listRefs(repository.dir, "refs/heads/");
  const names = refs.filter((ref) => ref.sha === sha).map(({ name }) => name.replace("refs/heads/", ""));
  return names.sort(
    (one, other) => Number(other === repository.defaultBranch) - Number(one === repository.defaultBranch),
  );
}
