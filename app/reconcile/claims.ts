import { redactSecrets, type SecretSearch } from "../../collect/secrets/redaction.ts";
import type { PullFacts } from "../../core/facts.ts";
import { claimsOf } from "../../core/pull/claims.ts";
import { redactionMark } from "../../core/redaction/redaction.ts";
import type { Claim } from "../../schemas/entry-parts.ts";

/**
 * A pull request's claims about how it was made, safe to store: a claim with a secret keeps only its name. Unreadable
 * commits add no claims here; nobody can adopt them either.
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
