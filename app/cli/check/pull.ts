import { collectPull } from "../../../collect/pull/pull.ts";
import type { PullFacts } from "../../../core/facts.ts";
import { type Known, unknown } from "../../../core/known.ts";
import type { Io } from "../../terminal/io.ts";
import { tokenRequest } from "../../terminal/token-client.ts";
import type { CheckOptions } from "./options.ts";

/** Reads the facts of the pull request that `--pr` names, with the token of the environment. */
export async function pullFacts(options: CheckOptions, pr: string, io: Io): Promise<Known<PullFacts>> {
  const other = (["base", "head", "repo", "policy"] as const).find((name) => options[name] !== undefined);
  if (other !== undefined)
    return unknown(`--${other} does not go with --pr: a pull request has its own; leave one of them out`);
  const [, owner, repo, digits] = /^([A-Za-z0-9-]+)\/([A-Za-z0-9._-]+)#([1-9][0-9]{0,9})$/.exec(pr) ?? [];
  if (owner === undefined || repo === undefined || digits === undefined)
    return unknown(`--pr ${JSON.stringify(pr)} is not a pull request: write it as owner/repo#12`);
  const request = await tokenRequest(io, "--pr");
  if (!request.known) return request;
  return collectPull({ request: request.value, owner, repo, number: Number(digits), now: new Date().toISOString() });
}
