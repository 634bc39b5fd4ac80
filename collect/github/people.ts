import type { Permission } from "../../core/facts.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import { readPersonName } from "../../core/people/person-name.ts";
import type { Actor } from "../../schemas/graphql.ts";
import type { People } from "../../schemas/policy.ts";
import { type Duty, duties } from "../../schemas/policy-values.ts";
import { Account } from "../../schemas/text.ts";
import { type GitHub, requestKnown, requestResult } from "./request.ts";

const roles = ["none", "read", "triage", "write", "maintain", "admin"] as const;

/**
 * What an account may do on a repository: its role by the permission endpoint, and the duties that the policy gives it
 * or a team it is in. GitHub gave the account with its numeric id; if its login belongs to another id now, the answer
 * is unknown.
 * Source: GitHub docs, "Get repository permissions for a user", "Get team membership for a user".
 */
export async function readPermission(github: GitHub, account: Account, people: People): Promise<Known<Permission>> {
  const { request, owner, repo } = github;
  const answer = await requestResult(
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
  // A custom role has a name of its own; the legacy field then gives the built-in role that it is based on.
  const role = roles.find((one) => one === named) ?? roles.find((one) => one === answer.data.permission) ?? "none";
  const held: Duty[] = [];
  // Several duties can name one team.
  const asked = new Map<string, Known<boolean>>();
  for (const duty of duties) {
    for (const name of people[duty]) {
      const holds = asked.get(name) ?? (await isNamed(github, account, name));
      asked.set(name, holds);
      if (!holds.known) return holds;
      if (holds.value) {
        held.push(duty);
        break;
      }
    }
  }
  return known({ role, duties: held });
}

/**
 * Whether a name of the policy means this account. A pinned name means one numeric id: a renamed account keeps its
 * duties, and a new account or team that took over the name does not get them.
 */
async function isNamed(github: GitHub, account: Account, name: string): Promise<Known<boolean>> {
  const { owner, team, number } = readPersonName(name);
  if (team === null)
    return known(number === null ? owner.toLowerCase() === account.login.toLowerCase() : number === account.id);
  if (number !== null) {
    const present = await readNumber(github, name);
    if (!present.known || present.value !== number) return present.known ? known(false) : present;
  }
  const answer = await requestResult(
    `whether @${account.login} is in ${name}`,
    github.request("GET /orgs/{org}/teams/{team_slug}/memberships/{username}", {
      org: owner,
      team_slug: team,
      username: account.login,
    }),
  );
  if (answer.ok) return known(answer.data.state === "active");
  return answer.status === 404 ? known(false) : unknown(answer.why);
}

/** The numeric id of the account or team that has a name of the policy now; null: there is none. */
export async function readNumber({ request }: Pick<GitHub, "request">, name: string): Promise<Known<number | null>> {
  const { owner, team } = readPersonName(name);
  const answer =
    team === null
      ? await requestResult(`the account ${name}`, request("GET /users/{username}", { username: owner }))
      : await requestResult(
          `the team ${name}`,
          request("GET /orgs/{org}/teams/{team_slug}", { org: owner, team_slug: team }),
        );
  if (answer.ok) return known(Number(answer.data.id));
  return answer.status === 404 ? known(null) : unknown(answer.why);
}

/** The account that GitHub shows, and gives by REST, in place of one that was deleted. */
export const ghost: Account = { id: 10137, login: "ghost", type: "User" };

/** The bot account of an App. Comments and branches of any other account are not ours. */
export async function readBot({ request }: Pick<GitHub, "request">, slug: string): Promise<Known<Account>> {
  const bot = await requestKnown(
    `the account ${slug}[bot]`,
    request("GET /users/{username}", { username: `${slug}[bot]` }),
  );
  return bot.known ? known({ id: Number(bot.value.id), login: bot.value.login, type: "Bot" }) : bot;
}

/** What a query asks of an account, for `accountOf`; it is used as `...actor`. */
export const actorFragment = `fragment actor on Actor {
  __typename
  login
  ... on User { databaseId }
  ... on Bot { databaseId }
  ... on Mannequin { databaseId }
  ... on Organization { databaseId }
}`;

/** An account of GraphQL's as REST gives it; null when it was deleted, or has a type without a numeric id. */
export function accountOf(actor: Actor): Account | null {
  if (actor === null) return null;
  const { __typename: type, databaseId: id } = actor;
  const login = type === "Bot" && !actor.login.endsWith("[bot]") ? `${actor.login}[bot]` : actor.login;
  const account = Account.safeParse({ id, login, type });
  return account.success ? account.data : null;
}
