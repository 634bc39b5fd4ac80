/** What the sandbox remembers of reviews. */
import type { Account, Identified, Pull, Reaction } from "./model.ts";

export type ReviewState = "APPROVED" | "CHANGES_REQUESTED" | "COMMENTED" | "DISMISSED" | "PENDING";

export type Review = Identified & {
  pull: Pull;
  user: Account;
  body: string;
  state: ReviewState;
  commitId: string;
  submittedAt: string | null;
};

export type ReviewComment = Identified & {
  pull: Pull;
  review: Review;
  user: Account;
  body: string;
  path: string;
  line: number | null;
  side: "LEFT" | "RIGHT";
  diffHunk: string;
  commitId: string;
  inReplyTo: number | null;
  reactions: Reaction[];
  createdAt: string;
  updatedAt: string;
};
