// Kept apart from the schemas that use them, so that a decision that needs a limit does not load the schemas.

/** The path of the policy in a governed repository; read from the default branch only. */
export const policyPath = ".github/sallyport.yml";

/** The largest policy file that is read, in bytes; a longer one is rejected before it is parsed. */
export const policyBytes = 64 * 1024;

/** The most commits that one adoption covers. */
export const maxAdopted = 1_000;

/** The most claims that are kept about one pull request. */
export const maxClaims = 50;

/** The most bodies that one purge entry names; the rest is purged by later entries. */
export const maxPurged = 500;

/** The most characters of a concern's or an answer's text that are kept. */
export const maxConcernLength = 4_000;

/** The most commits that one rollback takes off a branch. */
export const maxUndone = 1_000;

/** The most reasons of a failure that its entry records. */
export const maxReasons = 20;

/** The most characters of each such reason. */
export const maxReasonLength = 1_000;

/** The most path patterns that one diff prompt declares. */
export const maxPaths = 50;

/** The largest facts of a verdict that are kept for a replay, in bytes; reports of coverage can be long. */
export const givenFactsBytes = 256 * 1024;
