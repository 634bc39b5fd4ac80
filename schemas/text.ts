import * as z from "zod";

/**
 * A full git object id in hex, SHA-1 (40) or SHA-256 (64). Short ids are never accepted: two commits can share a
 * prefix.
 */
export const Sha = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, "expected a full lower-case commit id");

/** A lower-case hex SHA-256 digest. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, "expected 64 lower-case hex digits");

/** A moment as RFC 3339 in UTC with milliseconds, as `Date#toISOString` prints it. */
export const Moment = z.iso.datetime({ precision: 3 });

/** A GitHub account by its numeric id; the login is for display only, because logins are renamed and reused. */
export const Account = z.strictObject({
  id: z.int().positive(),
  login: z.string().min(1).max(100),
  type: z.enum(["User", "Bot", "Organization", "Mannequin"]),
});
export type Account = z.infer<typeof Account>;

/** A short list of non-empty lines, such as acceptance criteria. */
export const Lines = z.array(z.string().trim().min(1).max(2_000)).max(100);

/** A JSON object of any shape: an entry's body before the schema of its kind has read it. */
export const EntryBodyRecord = z.record(z.string(), z.json());

/** How bad it would be if the change were wrong; chosen by the person who wrote the story. */
export const Risk = z.enum(["low", "medium", "high", "critical"]);
export type Risk = z.infer<typeof Risk>;
