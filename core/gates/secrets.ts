import type { Policy } from "../../schemas/policy.ts";
import type { Reason } from "../../schemas/verdict.ts";
import type { SecretFinding } from "../facts.ts";
import { patternList } from "../paths/pattern-list.ts";
import { askingLine, asksFor, authorOf, defineGate, notConfigured, result } from "./gate.ts";

const name = "secrets";

/** Whether the policy asks for the search, which has to read every commit. */
export function wantsSecrets(policy: Policy): boolean {
  return asksFor(policy, name);
}

const locations: Record<SecretFinding["where"], string> = {
  file: "in a file",
  "file-name": "in the name of a file",
  "commit-message": "in the commit's message",
  title: "in the pull request's title",
  description: "in the pull request's description",
};

/**
 * How to fix a finding. A commit keeps a secret after a later one removed it; GitHub keeps it in a text's edit history.
 */
function fixFor({ commit }: SecretFinding): string {
  if (commit === null) return "Revoke this secret and make a new one, then edit the text without it.";
  return "Revoke this secret and make a new one, then rewrite the branch so that no commit of it holds the old one.";
}

/**
 * No commit of the change adds a secret, in files, names or messages; nor do the pull request's title and description.
 * The search runs while collecting; a secret that the head no longer has is still a finding.
 */
export const secrets = defineGate({
  name,
  group: "content",
  settings: (policy) => wantsSecrets(policy) || notConfigured("The policy does not ask for a search for secrets."),
  needs: ["secrets"],
  lists: ({ gates }) => [
    patternList(`gates.${name}.ignore`, "allow", gates[name]?.ignore, "it is not searched for secrets"),
  ],
  judge(facts, policy) {
    const line = askingLine(policy, name);
    const who = authorOf(facts);
    const reasons = facts.secrets.map((finding): Reason => {
      const { rule, where, commit, path } = finding;
      const of = commit === null ? "" : ` of commit ${commit.slice(0, 12)}`;
      return {
        code: "secret",
        message: `The rule \`${rule}\` finds a secret ${locations[where]}${of}.`,
        ...(path === null ? {} : { path }),
        ...(finding.line === null ? {} : { line: finding.line }),
        ...line,
        next: { step: fixFor(finding), who },
      };
    });
    if (reasons.length > 0) return result(name, "fail", ...reasons);
    return result(name, "pass", {
      code: "no-secrets",
      message: "No commit of the change brings in a secret.",
    });
  },
});
