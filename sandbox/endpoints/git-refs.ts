/** The git database's refs. */
import { z } from "zod";
import { moveRef } from "../changes/push.ts";
import { isAncestor, isRefName, listRefs, objectId, objectType, type Ref } from "../git/git.ts";
import { presentRef } from "../present/commits.ts";
import { readContents, writeContents } from "../request/access.ts";
import { type Answer, created, forbidden, noContent, notFound, ok, refused } from "../request/answer.ts";
import { listing } from "../request/paging.ts";
import { type AuthoredCall, authoredRoute, type RepositoryCall, repoRoute, withBody } from "../request/route.ts";
import { refusePush, refuseWorkflows } from "../request/rules.ts";
import { objectName } from "./git-objects.ts";

const GIT = "/repos/:owner/:repo/git";

const newRef = z.object({ ref: z.string(), sha: objectName });
const movedRef = z.object({ sha: objectName, force: z.boolean().default(false) });

export const gitRefRoutes = [
  repoRoute(`GET ${GIT}/ref/:ref{.+}`, readContents, async (call) => {
    const found = await findRef(call);
    return found === undefined ? notFound() : ok(presentRef(call.repository, found));
  }),
  repoRoute(`GET ${GIT}/matching-refs/:ref{.*}`, readContents, async (call) => {
    const refs = await listRefs(call.repository.dir, `refs/${call.params.ref ?? ""}`);
    return listing(call, refs, (ref) => presentRef(call.repository, ref));
  }),
  authoredRoute(`POST ${GIT}/refs`, writeContents, withBody(newRef, createRef)),
  authoredRoute(`PATCH ${GIT}/refs/:ref{.+}`, writeContents, withBody(movedRef, updateRef)),
  authoredRoute(`DELETE ${GIT}/refs/:ref{.+}`, writeContents, deleteRef),
];

async function createRef(call: AuthoredCall, body: z.output<typeof newRef>): Promise<Answer> {
  const { repository } = call;
  const { dir } = repository;
  if (!(await isRefName(dir, body.ref)) || body.ref.split("/").length < 3) {
    return refused(422, `Reference name invalid: ${body.ref}`);
  }
  if ((await objectId(dir, body.ref)) !== undefined) return refused(422, "Reference already exists");
  const refusal = await refuseMove(call, body.ref, null, body.sha);
  if (refusal !== undefined) return refusal;
  const moved = await moveRef(call, { ref: body.ref, before: null, after: body.sha });
  if (!moved) return refused(422, `Reference name invalid: ${body.ref} conflicts with another reference`);
  const type = (await objectType(dir, body.sha)) ?? "commit";
  return created(presentRef(repository, { name: body.ref, sha: body.sha, type }));
}

async function updateRef(call: AuthoredCall, body: z.output<typeof movedRef>): Promise<Answer> {
  const found = await findRef(call);
  if (found === undefined) return refused(422, "Reference does not exist");
  const refusal = await refuseMove(call, found.name, found.sha, body.sha);
  if (refusal !== undefined) return refusal;
  if (!body.force && !(await isAncestor(call.repository.dir, found.sha, body.sha))) {
    return refused(422, "Update is not a fast forward");
  }
  if (found.sha !== body.sha) {
    const moved = await moveRef(call, { ref: found.name, before: found.sha, after: body.sha });
    if (!moved) return refused(409, "Reference cannot be updated");
  }
  return ok(presentRef(call.repository, { ...found, sha: body.sha }));
}

async function deleteRef(call: AuthoredCall): Promise<Answer> {
  const found = await findRef(call);
  if (found === undefined) return refused(422, "Reference does not exist");
  if (found.name === `refs/heads/${call.repository.defaultBranch}`) {
    return refused(422, "Cannot delete the default branch");
  }
  const refusal = await refuseMove(call, found.name, found.sha, null);
  if (refusal !== undefined) return refusal;
  const moved = await moveRef(call, { ref: found.name, before: found.sha, after: null });
  return moved ? noContent() : refused(409, "Reference cannot be updated");
}

async function findRef(call: RepositoryCall): Promise<Ref | undefined> {
  const name = `refs/${(call.params.ref ?? "").replace(/^refs\//, "")}`;
  return (await listRefs(call.repository.dir, name)).find((ref) => ref.name === name);
}

/** A branch can only point to a commit, pull refs are the sandbox's own, and protection applies. */
async function refuseMove(
  call: AuthoredCall,
  ref: string,
  before: string | null,
  after: string | null,
): Promise<Answer | undefined> {
  if (ref.startsWith("refs/pull/")) return refused(422, "Reference cannot be updated");
  const type = after === null ? undefined : await objectType(call.repository.dir, after);
  if (after !== null && type === undefined) return refused(422, "Object does not exist");
  if (!ref.startsWith("refs/heads/")) return undefined;
  if (after !== null && type !== "commit") return refused(422, "Reference update failed: not a commit");
  const branch = ref.slice("refs/heads/".length);
  const why = await refusePush(call.repository, call.caller, { branch, before, after });
  if (why !== undefined) return refused(422, why);
  const workflow = after === null ? undefined : await refuseWorkflows(call.repository, call.caller, before, after);
  return workflow === undefined ? undefined : forbidden(workflow);
}
