// Apart from the schemas that they are part of, so that a decision which needs one does not load those.

/** How many commits a person can stand for at once. */
export const maxAdopted = 1_000;

/** How many claims are kept about one pull request. */
export const maxClaims = 50;

/** How many bodies one entry can name; what is due beyond that comes in later ones. */
export const maxPurged = 500;

/** The most characters of a concern's or an answer's text that are kept. */
export const maxConcernLength = 4_000;

/** The most commits that one rollback takes off a branch. */
export const maxUndone = 1_000;

/** How many reasons of a failure an entry of its own tells. */
export const maxReasons = 20;

/** The most characters of each of them. */
export const maxReasonLength = 1_000;
