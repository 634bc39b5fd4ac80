import { parseCommand } from "../../core/commands.ts";
import type { Ourselves } from "../../core/effects.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import { hasSay } from "../../core/people/authority.ts";
import { DiscussionAnswer, type Said } from "../../schemas/graphql.ts";
import type { People } from "../../schemas/policy.ts";
import type { ReworkReport } from "../../schemas/rework.ts";
import type { Account } from "../../schemas/text.ts";
import type { Budget } from "../budget.ts";
import { query } from "../github/graphql.ts";
import { accountOf, actorFragment, readPermission } from "../github/people.ts";
import type { GitHub } from "../github/request.ts";

/** What people wrote on a pull request through its three channels. The tests check it against GitHub's schema. */
export const discussionQuery = `query SallyportDiscussion(
  $owner: String!, $repo: String!, $number: Int!, $after: String
) {
  repository(owner: $owner, name: $repo) {
    pullRequest(number: $number) {
      reviews(last: 100) {
        pageInfo { hasPreviousPage }
        nodes { fullDatabaseId author { ...actor } body state lastEditedAt }
      }
      comments(last: 100) {
        pageInfo { hasPreviousPage }
        nodes { fullDatabaseId author { ...actor } body lastEditedAt }
      }
      reviewThreads(first: 100, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes {
          isResolved
          path
          line
          comments(first: 50) {
            pageInfo { hasNextPage }
            nodes { fullDatabaseId author { ...actor } body lastEditedAt }
          }
        }
      }
    }
  }
}
${actorFragment}`;

/** The most open threads that one round takes up, pages of them, and people whose permission is read. */
const limits = { threads: 50, pages: 10, people: 30 };

/** What people can do about too many threads. */
const settleStep = "Resolve what is settled, and say in one comment what else is to be mended.";

type Discussion = Pick<ReworkReport, "reviews" | "threads" | "comments" | "unread"> & { reviewers: Account[] };
type Context = { ourselves: Ourselves; people: People; taken: ReadonlySet<number>; budget: Budget };
type Thread = { path: string; line: number | null; comments: Said[]; isCut: boolean };
type Words = { id: number; by: Account; duties: string[]; text: string };

/**
 * What people with a say wrote that no earlier round took up: requests for changes, open review threads, comments, also
 * those that are reviews.
 * Edited words do not count, because everyone who may write can edit those of others. Unknown when it could not be read,
 * or when more threads are open than one round takes up. Everyone who can comment wrote the rest, which is left out.
 */
export async function readDiscussion(github: GitHub, number: number, context: Context): Promise<Known<Discussion>> {
  const read = await readPages(github, number, context.budget);
  if (!read.known) return read;
  const { reviews, comments, threads, unread } = read.value;
  const words = createReader(github, context, unread);
  const { taken } = context;

  const said: Discussion["threads"] = [];
  for (const { path, line, comments: all, isCut } of threads) {
    const counted: Words[] = [];
    for (const one of all) {
      const found = await words(one);
      if (found !== null) counted.push(found);
    }
    if (counted.every(({ id }) => taken.has(id))) continue;
    if (isCut) unread.push(`Of the review thread at ${path} only the first 50 comments were read.`);
    const thread = Number(all[0]?.fullDatabaseId);
    said.push({ thread, path, line, comments: counted.map((one) => ({ comment: one.id, ...wordsOf(one) })) });
  }
  if (said.length > limits.threads) {
    const why = `${said.length} review threads are open on #${number}, and one round takes up ${limits.threads}`;
    return unknown(why, settleStep);
  }
  const found: Discussion = { reviews: [], threads: said, comments: [], unread, reviewers: [] };
  for (const review of reviews) {
    const isRequest = review.state === "CHANGES_REQUESTED";
    // A review that only comments may have no text of its own beside its threads.
    const isComment = review.state === "COMMENTED" && review.body !== "";
    if ((!isRequest && !isComment) || taken.has(Number(review.fullDatabaseId))) continue;
    const one = await words(review);
    if (one === null) continue;
    if (isComment) {
      found.comments.push({ comment: one.id, ...wordsOf(one) });
      continue;
    }
    found.reviews.push({ review: one.id, ...wordsOf(one) });
    if (found.reviewers.every(({ id }) => id !== one.by.id)) found.reviewers.push(one.by);
  }
  for (const comment of comments) {
    if (taken.has(Number(comment.fullDatabaseId)) || parseCommand(comment.body) !== null) continue;
    const one = await words(comment);
    if (one !== null) found.comments.push({ comment: one.id, ...wordsOf(one) });
  }
  return known({ ...found, unread: [...new Set(unread)] });
}

const wordsOf = ({ by, duties, text }: Words) => ({ by: { login: by.login, duties }, text });

/** Reads what one person said, if it counts; why it does not goes to `unread`. Each permission is read once. */
function createReader(github: GitHub, { ourselves, people, budget }: Context, unread: string[]) {
  const permissions = new Map<number, Awaited<ReturnType<typeof readPermission>>>();
  return async ({ fullDatabaseId, author, body, lastEditedAt }: Said): Promise<Words | null> => {
    const by = accountOf(author);
    if (by === null || by.id === ourselves.bot.id) return null;
    const leave = (why: string) => {
      unread.push(`Words of @${by.login} are not passed on: ${why}.`);
      return null;
    };
    if (by.type !== "User") return leave("only people have a say");
    let permission = permissions.get(by.id);
    if (permission === undefined) {
      if (permissions.size >= limits.people) return leave(`more than ${limits.people} people wrote here`);
      permission = budget.take({ requests: 1 }) ?? (await readPermission(github, by, people));
      permissions.set(by.id, permission);
    }
    if (!permission.known) return leave(permission.why);
    if (!hasSay(permission)) return leave("they may not write here or hold no duty of the policy");
    if (lastEditedAt !== null) return leave("an edited text does not count; write it anew");
    return { id: Number(fullDatabaseId), by, duties: permission.value.duties, text: body.toWellFormed() };
  };
}

/** Reads all pages of the threads; reviews and comments are those of the first page's answer. */
async function readPages(github: GitHub, number: number, budget: Budget) {
  const { owner, repo } = github;
  const what = `what people wrote on #${number}`;
  const threads: Thread[] = [];
  const unread: string[] = [];
  let first: { reviews: (Said & { state: string })[]; comments: Said[] } | null = null;
  let after: string | null = null;
  for (let page = 1; page <= limits.pages; page++) {
    const spent = budget.take({ requests: 1 });
    if (spent !== null) return spent;
    const variables: Record<string, string | number> = { owner, repo, number, ...(after === null ? {} : { after }) };
    const answer = await query(github, what, { text: discussionQuery, variables });
    if (!answer.known) return answer;
    const read = DiscussionAnswer.safeParse(answer.value.data);
    if (!read.success) return unknown(`GitHub's answer about ${what} has another form; try again`);
    const { reviews, comments, reviewThreads } = read.data.repository.pullRequest;
    for (const thread of reviewThreads.nodes) {
      if (thread === null || thread.isResolved) continue;
      const { path, line, comments: listed } = thread;
      threads.push({ path, line, comments: present(listed.nodes), isCut: listed.pageInfo.hasNextPage });
    }
    if (first === null) {
      first = { reviews: present(reviews.nodes), comments: present(comments.nodes) };
      for (const [name, listing] of [
        ["reviews", reviews],
        ["comments", comments],
      ] as const)
        if (listing.pageInfo.hasPreviousPage) unread.push(`Only the last 100 ${name} were read.`);
    }
    after = reviewThreads.pageInfo.endCursor;
    if (!reviewThreads.pageInfo.hasNextPage || after === null) return known({ ...first, threads, unread });
  }
  return unknown(`#${number} has more than ${limits.pages * 100} review threads`, settleStep);
}

function present<T>(nodes: readonly (T | null)[]): T[] {
  return nodes.filter((node) => node !== null);
}
