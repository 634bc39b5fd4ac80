import * as z from "zod";
import { act, Checks, Ci, Claim, IssueNumber } from "./entry-parts.ts";
import { maxAdopted, maxClaims } from "./limits.ts";
import { Account, Sha, Sha256 } from "./text.ts";

/**
 * The bodies of the entries about commits that no run made. The first records a person's fresh act; in it, GitHub
 * states `author`, and whoever pushed and described the change wrote `claims`.
 */
export const adoptionBodies = {
  "change.adopted": z.strictObject({
    ...act,
    head: Sha.describe("The head when it was adopted."),
    commits: z
      .array(Sha)
      .min(1)
      .max(maxAdopted)
      .describe("The commits up to it that no run made; the person stands for what they hold."),
    reason: z.string().min(1),
    tree: Sha.optional().describe("The head's tree; entries of older versions do not tell."),
    author: Account.optional().describe(
      "Who opened the pull request, as GitHub tells it; entries of older versions do not tell.",
    ),
    story: IssueNumber.optional().describe(
      "The story that the person says it is for, where no run made it; the change then stays inside that story's plan.",
    ),
    digest: Sha256.optional().describe("Of that story's approved contract; there whenever `story` is."),
    claims: z
      .array(Claim)
      .max(maxClaims)
      .optional()
      .describe("What the commits and the description say of themselves. Nobody checked it."),
  }),
  "adoption.sealed": z.strictObject({
    pull: IssueNumber,
    commit: Sha.describe("The adopted head."),
    tree: Sha,
    ci: Ci,
    checks: Checks,
    verdictSha256: Sha256.describe("Of the success it was sealed under."),
    adopted: Sha256.describe("The hash of the change.adopted entry that covers the commit."),
  }),
} as const;
