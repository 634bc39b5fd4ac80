import * as z from "zod";

/**
 * A response of GitHub's GraphQL API: the data, and the errors, each with its path in the data. Source: GraphQL
 * specification, October 2021, section 7.1.
 */
export const GraphqlResponse = z.object({
  data: z.unknown(),
  errors: z
    .array(z.object({ message: z.string(), path: z.array(z.union([z.string(), z.int()])).optional() }))
    .optional(),
});

/** One page of a listing. GitHub gives null in place of an item that it cannot show. */
function listing<T extends z.ZodType>(item: T) {
  return z.object({ pageInfo: z.object({ hasNextPage: z.boolean() }), nodes: z.array(item.nullable()) });
}

/** An account; null if it was deleted. Unlike in REST, a bot's login has no `[bot]`. */
const Actor = z.object({ __typename: z.string(), login: z.string(), databaseId: z.int().nullish() }).nullable();
export type Actor = z.infer<typeof Actor>;

/** A file's content: `text` is null for a binary one, and cut when `isTruncated`. */
export const BlobAnswer = z.object({
  byteSize: z.int(),
  isTruncated: z.boolean(),
  text: z.string().nullable(),
});

const Folder = z.object({
  oid: z.string(),
  entries: z.array(z.object({ name: z.string(), mode: z.int(), type: z.string(), oid: z.string(), size: z.int() })),
});

/** A folder's entries, or a commit's: modes are numbers, and a size is of a blob. */
export const FolderAnswer = z.union([Folder, z.object({ tree: Folder }).transform(({ tree }) => tree)]);

const Entry = z.object({
  mode: z.int(),
  type: z.string(),
  oid: z.string(),
  object: BlobAnswer.partial().nullish(),
});

/**
 * The three entries of the default branch's commit that decide about the policy: its folder, a misspelt name, the file.
 */
export const PolicyQueryResult = z.object({
  oid: z.string(),
  folder: Entry.nullish(),
  twin: Entry.nullish(),
  policy: Entry.nullish(),
});
export type PolicyQueryResult = z.infer<typeof PolicyQueryResult>;

/** Whether a repository is private, and the policy on its default branch. */
export const CurrentPolicyAnswer = z.object({
  repository: z.object({
    databaseId: z.int(),
    isPrivate: z.boolean(),
    defaultBranchRef: z.object({ target: PolicyQueryResult }),
  }),
});

/** The last edits of comments, by their node ids; null: never edited. */
export const EditsAnswer = z.object({
  nodes: z.array(z.object({ id: z.string(), lastEditedAt: z.string().nullable() }).nullable()),
});

const IssueText = z.object({
  number: z.int(),
  title: z.string(),
  body: z.string(),
  state: z.enum(["OPEN", "CLOSED"]),
  locked: z.boolean(),
  author: Actor,
  labels: listing(z.object({ name: z.string() })).nullable(),
  repository: z.object({ databaseId: z.int() }),
});
/** An issue's own text, as its author and whoever may triage wrote it. */
export type IssueText = z.infer<typeof IssueText>;

const WrittenNode = z.object({
  id: z.string(),
  fullDatabaseId: z.string().regex(/^[0-9]+$/),
  author: Actor,
  body: z.string(),
  createdAt: z.string(),
  updatedAt: z.string(),
  lastEditedAt: z.string().nullable(),
});
/** A comment with the times of its changes; `lastEditedAt` null: never edited. */
export type WrittenNode = z.infer<typeof WrittenNode>;

const IssueNode = IssueText.extend({
  __typename: z.literal("Issue"),
  createdAt: z.string(),
  lastEditedAt: z.string().nullable(),
  editor: Actor,
  renamed: z.object({ nodes: z.array(z.object({ createdAt: z.string() }).nullable()) }),
  assigned: z.object({
    pageInfo: z.object({ hasPreviousPage: z.boolean() }),
    nodes: z.array(z.object({ assignee: z.object({ __typename: z.string() }).nullable() }).nullable()),
  }),
  parent: IssueText.nullable(),
  subIssues: listing(IssueText).nullable(),
  comments: listing(WrittenNode),
});
/** An issue with its last changes, its parent, the first of its sub-issues and of its comments. */
export type IssueNode = z.infer<typeof IssueNode>;

/** A repository with the tip of its default branch (null: it is empty), and an issue or a pull request of it. */
export const IssueAnswer = z.object({
  repository: z.object({
    databaseId: z.int(),
    nameWithOwner: z.string(),
    defaultBranchRef: z.object({ name: z.string(), target: z.object({ oid: z.string() }).nullable() }).nullable(),
    issueOrPullRequest: z.discriminatedUnion("__typename", [
      IssueNode,
      z.object({ __typename: z.literal("PullRequest") }),
    ]),
  }),
});

/** A branch's tip, a commit's tree, and the pull requests whose head has the branch's name, in forks too. */
export const BranchAnswer = z.object({
  repository: z.object({
    ref: z.object({ target: z.object({ oid: z.string() }).nullable() }).nullable(),
    object: z.object({ tree: z.object({ oid: z.string() }).optional() }).nullable(),
    pullRequests: listing(
      z.object({
        number: z.int(),
        state: z.enum(["OPEN", "CLOSED", "MERGED"]),
        baseRefName: z.string(),
        isCrossRepository: z.boolean(),
      }),
    ),
  }),
});

const Review = z.object({
  fullDatabaseId: z.string().regex(/^[0-9]+$/),
  author: Actor,
  body: z.string(),
  state: z.string(),
  submittedAt: z.string().nullable(),
  commit: z.object({ oid: z.string() }).nullable(),
});

const Said = z.object({
  fullDatabaseId: z.string().regex(/^[0-9]+$/),
  author: Actor,
  body: z.string(),
  lastEditedAt: z.string().nullable(),
});
/** A review, a review comment or a comment, with its author's words; `lastEditedAt` null: never edited. */
export type Said = z.infer<typeof Said>;

const lastPage = z.object({ hasPreviousPage: z.boolean() });

/** What people wrote on a pull request; GitHub's docs describe every field. */
export const DiscussionAnswer = z.object({
  repository: z.object({
    pullRequest: z.object({
      reviews: z.object({ pageInfo: lastPage, nodes: z.array(Said.extend({ state: z.string() }).nullable()) }),
      comments: z.object({ pageInfo: lastPage, nodes: z.array(Said.nullable()) }),
      reviewThreads: z.object({
        pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
        nodes: z.array(
          z
            .object({
              isResolved: z.boolean(),
              path: z.string(),
              line: z.int().nullable(),
              comments: listing(Said),
            })
            .nullable(),
        ),
      }),
    }),
  }),
});

const CheckRun = z.object({
  databaseId: z.int().nullable(),
  name: z.string(),
  status: z.string(),
  conclusion: z.string().nullable(),
  externalId: z.string().nullable(),
});

const CheckSuite = z.object({
  databaseId: z.int().nullable(),
  createdAt: z.string(),
  app: z.object({ databaseId: z.int().nullable(), slug: z.string() }).nullable(),
  checkRuns: listing(CheckRun).nullable(),
});
/** An app's check suite on a commit, with its check runs. */
export type CheckSuite = z.infer<typeof CheckSuite>;

const Twin = z.object({ number: z.int(), state: z.string(), headRefOid: z.string() });

const HeadCommit = z.object({
  oid: z.string(),
  checkSuites: listing(CheckSuite).nullable(),
  associatedPullRequests: listing(Twin).nullable(),
});

const Commit = z.object({
  oid: z.string(),
  message: z.string(),
  tree: z.object({ oid: z.string() }),
  parents: listing(z.object({ oid: z.string() })),
});

const Pull = z.object({
  state: z.enum(["OPEN", "CLOSED", "MERGED"]),
  title: z.string(),
  body: z.string(),
  isDraft: z.boolean(),
  createdAt: z.string(),
  lastEditedAt: z.string().nullable(),
  changedFiles: z.int(),
  author: Actor,
  mergedBy: Actor,
  mergeCommit: z.object({ oid: z.string(), tree: z.object({ oid: z.string() }) }).nullable(),
  baseRefName: z.string(),
  baseRefOid: z.string(),
  baseRef: z.object({ target: z.object({ __typename: z.string(), oid: z.string() }).nullable() }).nullable(),
  headRefName: z.string(),
  headRefOid: z.string(),
  labels: listing(z.object({ name: z.string() })).nullable(),
  reviews: listing(Review).nullable(),
  commits: listing(z.object({ commit: Commit })).nullable(),
  retargets: z.object({ nodes: z.array(z.object({ createdAt: z.string() }).nullable()) }).nullable(),
  last: z.object({ nodes: z.array(z.object({ commit: HeadCommit.nullable() }).nullable()) }).nullable(),
});

/** A pull request and its repository, as the query for its state returns them; GitHub's docs describe every field. */
export const PullQueryResult = z.object({
  repository: z.object({
    databaseId: z.int(),
    nameWithOwner: z.string(),
    defaultBranchRef: z.object({ name: z.string(), target: PolicyQueryResult }),
    pullRequest: Pull,
  }),
});
export type PullQueryResult = z.infer<typeof PullQueryResult>;
