import type { CommandRequest } from "../../core/facts.ts";
import { type Known, known } from "../../core/known.ts";
import { writers } from "../../core/people/authority.ts";
import type { IssueFacts, Opener, StoryFacts } from "../../core/story/facts.ts";
import type { People } from "../../schemas/policy.ts";
import { readPermission } from "../github/people.ts";
import type { GitHub } from "../github/request.ts";

/**
 * Who opened a story and its epic, or an epic, with the permission that they have now; null where it is not `wanted`.
 * Whoever gave one of the `commands` was asked about already.
 */
export async function readOpeners(
  github: GitHub,
  { issue, epic }: { issue: IssueFacts; epic: IssueFacts | null },
  people: People | null,
  { commands, wanted }: { commands: readonly CommandRequest[]; wanted(issue: number): boolean },
): Promise<Known<StoryFacts["openers"]>> {
  const read = new Map(commands.map(({ by, permission }) => [by.id, permission]));
  const opener = async (opened: IssueFacts | null): Promise<Known<Opener | null>> => {
    if (opened === null || people === null || !wanted(opened.number)) return known(null);
    const { author: by } = opened;
    if (by.type !== "User") return known({ by, isPlanner: false });
    const permission = read.get(by.id) ?? (await readPermission(github, by, people));
    read.set(by.id, permission);
    if (!permission.known) return permission;
    const { role, duties } = permission.value;
    return known({ by, isPlanner: writers.has(role) && duties.includes("planners") });
  };
  const own = await opener(issue);
  if (!own.known) return own;
  const above = await opener(epic);
  return above.known ? known({ issue: own.value, epic: above.value }) : above;
}
