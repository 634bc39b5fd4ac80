import type { Standing } from "../core/authority.ts";
import { type Known, known, unknown } from "../core/known.ts";
import type { People } from "../schemas/policy.ts";
import { type Duty, duties } from "../schemas/policy-values.ts";
import type { Account } from "../schemas/text.ts";
import { ask, askKnown, type GitHub } from "./github.ts";

const roles = ["none", "read", "triage", "write", "maintain", "admin"] as const;

/**
 * What an account may do on a repository: its role by the permission endpoint, and the duties that the policy gives it
 * or a team it is in. The account was told by GitHub, by numeric id; a login that now belongs to another id is unknown.
 * Source: GitHub docs, "Get repository permissions for a user", "Get team membership for a user".
 */
export async function readStanding(
  github: GitHub,
  account: Account,
  people: People,
): Promise<Known<Standing>> {
  const { request, owner, repo } = github;
  const answer = await ask(
    `the permission of @${account.login}`,
    request("GET /repos/{owner}/{repo}/collaborators/{username}/permission", {
      owner,
      repo,
      username: account.login,
    }),
  );
  if (!answer.ok && answer.status !== 404) return unknown(answer.why);
  if (!answer.ok) return known({ role: "none", duties: [] });
  if (answer.data.user !== null && answer.data.user.id !== account.id) {
    return unknown(`the login @${account.login} belongs to another account now; write the command again`);
  }
  const named = answer.data.role_name;
  // A custom role has a name of its own; the legacy field then says which built-in role it amounts to.
  const role =
    roles.find((one) => one === named) ?? roles.find((one) => one === answer.data.permission) ?? "none";
  const held: Duty[] = [];
  for (const duty of duties) {
    for (const name of people[duty]) {
      const holds = await isNamed(github, account, name);
      if (!holds.known) return holds;
      if (holds.value) {
        held.push(duty);
        break;
      }
    }
  }
  return known({ role, duties: held });
}

/** Whether a policy's `@user` or `@organisation/team` means this account. */
async function isNamed({ request }: GitHub, account: Account, name: string): Promise<Known<boolean>> {
  const [user = "", team] = name.slice(1).split("/");
  if (team === undefined) return known(user.toLowerCase() === account.login.toLowerCase());
  const answer = await ask(
    `whether @${account.login} is in ${name}`,
    request("GET /orgs/{org}/teams/{team_slug}/memberships/{username}", {
      org: user,
      team_slug: team,
      username: account.login,
    }),
  );
  if (answer.ok) return known(answer.data.state === "active");
  return answer.status === 404 ? known(false) : unknown(answer.why);
}

/** The bot account of an App, by which our own comments and branches are told from forged ones. */
export async function readBot({ request }: Pick<GitHub, "request">, slug: string): Promise<Known<Account>> {
  const bot = await askKnown(
    `the account ${slug}[bot]`,
    request("GET /users/{username}", { username: `${slug}[bot]` }),
  );
  return bot.known ? known({ id: Number(bot.value.id), login: bot.value.login, type: "Bot" }) : bot;
}
