import { type Command, labelCommand, parseCommand } from "../../core/commands.ts";
import type { Ourselves } from "../../core/effects.ts";
import type { CommandRequest, Permission } from "../../core/facts.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import { writers } from "../../core/people/authority.ts";
import type { CommentFact } from "../../core/story/facts.ts";
import type { Source } from "../../schemas/entry-parts.ts";
import type { People } from "../../schemas/policy.ts";
import { Account } from "../../schemas/text.ts";
import { listAll } from "../github/listing.ts";
import { readPermission } from "../github/people.ts";
import type { GitHub } from "../github/request.ts";
import { readEdits } from "./edits.ts";

/** The comments of an issue or pull request: people's commands, their other comments, and the body of our own one. */
export type Conversation = { commands: CommandRequest[]; comments: CommentFact[]; sticky: string | null };

/** The issue or pull request to read. `assignment`: what the assignment of our bot there asks for; absent: there is none. */
type Thread = { number: number; createdAt: string; labels: string[]; assignment?: Command | null };

/** A command before its author's permission and (by the comment's node id) its edits are read. */
type FoundCommand = Omit<CommandRequest, "permission"> & { node: string | null };

/** A comment that is no command, before its author's right is read; `counts`: it was not edited, as far as REST tells. */
type FoundComment = Omit<CommentFact, "right"> & { node: string; counts: boolean };

/** The most people whose right to comment on a ticket is read: those who wrote last. Anybody may comment. */
const maxAuthors = 10;

/** The marker at the end of our own comment. A comment of anybody else that has the marker is not ours. */
export const stickyMarker = "<!-- sallyport:sticky -->";

/**
 * Reads the unanswered commands, the oldest first: comments that begin with a command, and command labels and our
 * assignment with the events that added them. With `max`, at most that many; the others wait until these are answered.
 * Everyone who can comment or label may have written them; each author's permission is read once. The rights of the
 * authors of other comments are read only where `wantsTicket` says so of these commands.
 */
export async function readConversation(
  github: GitHub,
  issue: Thread,
  context: {
    ourselves: Ourselves;
    people: People | null;
    isAnswered(source: Source): boolean;
    max?: number;
    /** Also what bots wrote: for a caller that answers nobody. */
    withBots?: true;
    wantsTicket?(commands: readonly Pick<CommandRequest, "command">[]): boolean;
  },
): Promise<Known<Conversation>> {
  const { request, owner, repo } = github;
  const number = issue.number;
  const comments = await listAll(`the comments of #${number}`, (page) =>
    request("GET /repos/{owner}/{repo}/issues/{issue_number}/comments", { owner, repo, issue_number: number, ...page }),
  );
  if (!comments.known) return comments;
  let sticky: string | null = null;
  const open: FoundCommand[] = [];
  const talk: FoundComment[] = [];
  for (const comment of comments.value) {
    const by = Account.safeParse({
      id: comment.user?.id,
      login: comment.user?.login,
      type: comment.user?.type,
    });
    if (!by.success) continue;
    // A lone surrogate has no canonical form, so no ledger entry could hold it.
    const body = (comment.body ?? "").toWellFormed();
    if (by.data.id === context.ourselves.bot.id) {
      if (sticky === null && body.includes(stickyMarker)) sticky = `${body.replace(stickyMarker, "").trimEnd()}\n`;
      continue;
    }
    const command = parseCommand(body);
    const source: Source = { type: "comment", id: Number(comment.id) };
    const edited = comment.created_at !== comment.updated_at;
    const viaApp = comment.performed_via_github_app !== null && comment.performed_via_github_app !== undefined;
    // Bots get no answer: two of them could answer each other forever.
    const isPerson = by.data.type === "User";
    if (command === null && isPerson)
      talk.push({ id: source.id, by: by.data, text: body, node: comment.node_id, counts: !edited && !viaApp });
    const isHeard = isPerson || context.withBots === true;
    if (command === null || !isHeard || context.isAnswered(source)) continue;
    open.push({
      source,
      command,
      by: by.data,
      at: comment.created_at,
      edited,
      viaApp,
      atOpening: false,
      node: comment.node_id,
    });
  }
  const triggered = await readTriggers(github, issue, context);
  if (!triggered.known) return triggered;
  const all = [...open, ...triggered.value].sort((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0));

  const next = all.slice(0, context.max);
  const isWanted = context.wantsTicket?.(next) === true;
  const counting = talk.filter(({ counts }) => counts);
  const authors = [...new Set(counting.toReversed().map(({ by }) => by.id))].slice(0, maxAuthors);
  const wanted = isWanted ? counting.filter(({ by }) => authors.includes(by.id)) : [];
  const edits = await readEdits(github, [
    ...next.flatMap(({ node, edited }) => (node === null || edited ? [] : [node])),
    ...wanted.map(({ node }) => node),
  ]);
  const permissions = new Map<number, Known<Permission>>();
  const permissionOf = async (by: Account): Promise<Known<Permission>> => {
    const found =
      permissions.get(by.id) ??
      (context.people === null
        ? unknown("there is no valid policy")
        : by.type !== "User"
          ? unknown("bots are not asked for")
          : await readPermission(github, by, context.people));
    permissions.set(by.id, found);
    return found;
  };
  const commands: CommandRequest[] = [];
  for (const { node, ...one } of next) {
    const permission = await permissionOf(one.by);
    const edited = one.edited || node === null ? known(one.edited) : editOf(node, edits);
    commands.push(edited.known ? { ...one, permission, edited: edited.value } : { ...one, permission: edited });
  }
  const told: CommentFact[] = [];
  for (const one of talk) {
    const { id, by, text, node, counts } = one;
    const unread = counts && !isWanted ? unknown("nobody asks for a plan") : known(null);
    const right = wanted.includes(one) ? rightOf(await permissionOf(by), editOf(node, edits)) : unread;
    told.push({ id, by, text, right });
  }
  return known({ commands, comments: told, sticky });
}

/** What lets a person's comment be part of a ticket: the duty to plan, or write access; an edited one never is. */
function rightOf(permission: Known<Permission>, edited: Known<boolean>): CommentFact["right"] {
  if (!edited.known) return edited;
  if (edited.value) return known(null);
  if (!permission.known) return permission;
  const { role, duties } = permission.value;
  if (!writers.has(role)) return known(null);
  return known(duties.includes("planners") ? "planner" : "writer");
}

function editOf(node: string, edits: Known<ReadonlyMap<string, boolean>>): Known<boolean> {
  if (!edits.known) return edits;
  const edited = edits.value.get(node);
  return edited === undefined ? unknown("GitHub did not tell whether the comment was edited") : known(edited);
}

/**
 * The unanswered command labels on the issue and the assignment of our bot, each with the last event that added it: by
 * whom, when, and whether through an app.
 */
async function readTriggers(
  { request, owner, repo }: GitHub,
  { number, labels, createdAt, assignment = null }: Thread,
  { ourselves, isAnswered }: { ourselves: Ourselves; isAnswered(source: Source): boolean },
): Promise<Known<FoundCommand[]>> {
  const wanted: { label: string | null; command: FoundCommand["command"] }[] = labels.flatMap((label) => {
    const command = labelCommand(label);
    return command === null ? [] : [{ label, command }];
  });
  if (assignment !== null) wanted.push({ label: null, command: assignment });
  if (wanted.length === 0) return known([]);
  const events = await listAll(`the events of #${number}`, (page) =>
    request("GET /repos/{owner}/{repo}/issues/{issue_number}/events", { owner, repo, issue_number: number, ...page }),
  );
  if (!events.known) return events;
  return known(
    wanted.flatMap(({ label, command }) => {
      const event = events.value.findLast((one) =>
        label === null
          ? one.event === "assigned" && "assignee" in one && Number(one.assignee?.id) === ourselves.bot.id
          : one.event === "labeled" && "label" in one && one.label?.name === label,
      );
      if (event === undefined) return [];
      // Of an assignment, the actor can be who was assigned.
      const actor = "assigner" in event ? event.assigner : event.actor;
      const by = Account.safeParse({ id: actor?.id, login: actor?.login, type: actor?.type });
      const id = Number(event.id);
      const source: Source = label === null ? { type: "assignment", id } : { type: "label", id, label };
      if (!by.success || isAnswered(source)) return [];
      return [
        {
          source,
          command,
          by: by.data,
          at: event.created_at,
          edited: false,
          viaApp: event.performed_via_github_app !== null && event.performed_via_github_app !== undefined,
          atOpening: event.created_at <= createdAt,
          node: null,
        },
      ];
    }),
  );
}
