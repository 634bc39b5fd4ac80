import { type Command, commandBelow, labelCommand, parseCommand } from "../../core/commands.ts";
import type { Ourselves } from "../../core/effects.ts";
import type { CommandRequest, Permission } from "../../core/facts.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import { labelName } from "../../core/labels.ts";
import { writers } from "../../core/people/authority.ts";
import type { CommentFact } from "../../core/story/facts.ts";
import type { Source } from "../../schemas/entry-parts.ts";
import type { People } from "../../schemas/policy.ts";
import { Account } from "../../schemas/text.ts";
import { listAll } from "../github/listing.ts";
import { readPermission } from "../github/people.ts";
import type { GitHub } from "../github/request.ts";
import { readEdits } from "./edits.ts";
import type { WrittenComment } from "./state.ts";

/** The comments of an issue or pull request: people's commands, their other comments, and the body of our own one. */
export type Conversation = { commands: CommandRequest[]; comments: CommentFact[]; sticky: string | null };

/**
 * The issue or pull request to read. `assignment`: what the assignment of our bot there asks for; absent: there is none.
 * `written`: its comments, if they were read with it.
 */
type Thread = {
  number: number;
  createdAt: string;
  labels: string[];
  assignment?: Command | null;
  written?: WrittenComment[] | null;
};

/** A command before its author's permission and its comment's history are read; `comment` null: it is no comment. */
type FoundCommand = Omit<CommandRequest, "permission"> & { comment: WrittenComment | null };

/** What GitHub tells of how a comment came about. */
type History = Pick<CommandRequest, "edited" | "viaApp" | "viaUs">;

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
  const { number, written = null } = issue;
  const { appId } = context.ourselves;
  const comments = written === null ? await listComments(github, number, appId) : known(written);
  if (!comments.known) return comments;
  let sticky: string | null = null;
  const open: FoundCommand[] = [];
  const talk: WrittenComment[] = [];
  for (const comment of comments.value) {
    const { id, by, text, at } = comment;
    if (by.id === context.ourselves.bot.id) {
      if (sticky === null && text.includes(stickyMarker)) sticky = `${text.replace(stickyMarker, "").trimEnd()}\n`;
      continue;
    }
    const own = parseCommand(text);
    const command = own ?? commandBelow(text);
    const source: Source = { type: "comment", id };
    // Bots get no answer: two of them could answer each other forever.
    const isPerson = by.type === "User";
    if (own === null && isPerson) talk.push(comment);
    const isHeard = isPerson || context.withBots === true;
    if (command === null || !isHeard || context.isAnswered(source)) continue;
    open.push({ source, command, by, at, edited: comment.edited, viaApp: false, atOpening: false, comment });
  }
  const triggered = await readTriggers(github, issue, context);
  if (!triggered.known) return triggered;
  const all = [...open, ...triggered.value].sort((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0));

  const next = all.slice(0, context.max);
  const isWanted = context.wantsTicket?.(next) === true;
  const asked = next.flatMap(({ comment }) => comment ?? []);
  const apps = await readApps(github, number, isWanted ? [...asked, ...talk] : asked, appId);
  if (!apps.known) return apps;
  const counting = talk.filter(({ id, edited, viaApp }) => !edited && (viaApp ?? apps.value.get(id)?.viaApp) !== true);
  const authors = [...new Set(counting.toReversed().map(({ by }) => by.id))].slice(0, maxAuthors);
  const wanted = isWanted ? counting.filter(({ by }) => authors.includes(by.id)) : [];
  // The query told of every edit; REST does not.
  const unsure = written === null ? [...asked.filter(({ edited }) => !edited), ...wanted] : [];
  const edits = await readEdits(
    github,
    unsure.map(({ node }) => node),
  );
  const historyOf = (comment: WrittenComment): Known<History> => {
    const { viaApp = null, viaUs } = comment.viaApp === null ? (apps.value.get(comment.id) ?? {}) : comment;
    if (viaApp === null) return unknown("GitHub did not tell whether an app wrote the comment");
    const edited = unsure.includes(comment) ? editOf(comment.node, edits) : known(comment.edited);
    return edited.known ? known({ edited: edited.value, viaApp, ...(viaUs && { viaUs }) }) : edited;
  };
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
  for (const { comment, ...one } of next) {
    const permission = await permissionOf(one.by);
    const history = comment === null ? known({}) : historyOf(comment);
    commands.push(history.known ? { ...one, permission, ...history.value } : { ...one, permission: history });
  }
  const told: CommentFact[] = [];
  for (const one of talk) {
    const unread = counting.includes(one) && !isWanted ? unknown("nobody asks for a plan") : known(null);
    const right = wanted.includes(one) ? rightOf(await permissionOf(one.by), historyOf(one)) : unread;
    told.push({ id: one.id, by: one.by, text: one.text, right });
  }
  return known({ commands, comments: told, sticky });
}

/** All comments by REST, which does not tell of an edit within a comment's first second. */
async function listComments(github: GitHub, number: number, ownApp: number): Promise<Known<WrittenComment[]>> {
  const { request, owner, repo } = github;
  const listed = await listAll(`the comments of #${number}`, (page) =>
    request("GET /repos/{owner}/{repo}/issues/{issue_number}/comments", { owner, repo, issue_number: number, ...page }),
  );
  if (!listed.known) return listed;
  return known(
    listed.value.flatMap((comment) => {
      const { user } = comment;
      const by = Account.safeParse({ id: user?.id, login: user?.login, type: user?.type });
      if (!by.success) return [];
      const app = comment.performed_via_github_app?.id ?? null;
      return {
        id: Number(comment.id),
        node: comment.node_id,
        by: by.data,
        // A lone surrogate has no canonical form, so no ledger entry could hold it.
        text: (comment.body ?? "").toWellFormed(),
        at: comment.created_at,
        edited: comment.created_at !== comment.updated_at,
        viaApp: app !== null,
        ...(app === ownApp && { viaUs: true as const }),
      };
    }),
  );
}

/** Whether each comment came through an app, by its id, where a query read it: only REST tells. */
async function readApps(
  github: GitHub,
  number: number,
  comments: readonly WrittenComment[],
  ownApp: number,
): Promise<Known<ReadonlyMap<number, WrittenComment>>> {
  if (comments.every(({ viaApp }) => viaApp !== null)) return known(new Map());
  const listed = await listComments(github, number, ownApp);
  return listed.known ? known(new Map(listed.value.map((comment) => [comment.id, comment]))) : listed;
}

/** What lets a person's comment be part of a ticket: the duty to plan, or write access; an edited one never is. */
function rightOf(permission: Known<Permission>, history: Known<History>): CommentFact["right"] {
  if (!history.known) return history;
  if (history.value.edited) return known(null);
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
          : one.event === "labeled" && "label" in one && labelName(one.label?.name ?? "") === label,
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
          comment: null,
        },
      ];
    }),
  );
}
