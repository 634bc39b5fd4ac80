import { redactSecrets, type SecretSearch } from "../../collect/secrets/redaction.ts";
import type { PullFacts } from "../../core/facts.ts";
import { claimsOf } from "../../core/pull/claims.ts";
import { redactionMark } from "../../core/redaction/redaction.ts";
import type { Claim } from "../../schemas/entry-parts.ts";

/**
 * What a pull request claims about how it was made, fit to be stored: of a claim that holds a secret only the name stays.
 * Commits that could not be read claim nothing here; nobody adopts them either.
 */
export async function readClaims(
  { commits, pull }: Pick<PullFacts, "commits" | "pull">,
  search: SecretSearch,
): Promise<Claim[]> {
  const claims: Claim[] = [];
  for (const claim of claimsOf(commits.known ? commits.value : [], pull?.body ?? "")) {
    const { redactions } = await redactSecrets(`${claim.name}: ${claim.value}`, search);
    claims.push(redactions.length === 0 ? claim : { ...claim, value: redactionMark });
  }
  return claims;
}
