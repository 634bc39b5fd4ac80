import * as z from "zod";
import { commentAs } from "../perform/comments.ts";
import type { StopForm } from "./attempt-content.ts";
import type { Seal } from "./session.ts";
import type { Session } from "./sign-in.ts";
import { clientOf, type Repository } from "./viewer.ts";

/** What a page promises of its button: whose it is, which story it stops, and the page to come back to. */
const Proof = z.strictObject({ id: z.int(), repository: z.int(), story: z.int(), back: z.string() });

/** How long a page's button works, in seconds. */
const buttonSeconds = 3_600;

/** The form of a button that stops a story's run; only the person whose page it is can send it. */
export function stopForm(
  { id }: Session,
  { repository, story, action, back }: { repository: Repository; story: number; action: string; back: string },
  seal: Seal,
): StopForm {
  return { action, proof: seal.seal("stop", { id, repository: repository.id, story, back }, buttonSeconds) };
}

/**
 * Writes `/stop` on a story as the person whose button it was; whether they may is decided like that of every command.
 * Gives the page to go back to, or why nothing was written.
 */
export async function pressStop(
  { id, token }: Session,
  { repository, story, proof }: { repository: Repository; story: number; proof: unknown },
  { seal, apiUrl }: { seal: Seal; apiUrl: string },
): Promise<{ back: string } | { why: string }> {
  const opened = Proof.safeParse(seal.open("stop", typeof proof === "string" ? proof : undefined));
  const isOurs =
    opened.success && opened.data.id === id && opened.data.repository === repository.id && opened.data.story === story;
  if (!isOurs) return { why: "The button is of another page, or older than an hour. Load the page again." };
  const written = await commentAs(clientOf(apiUrl, token), repository.name, story, "/stop");
  if (written.ok) return { back: opened.data.back };
  return { why: `GitHub did not take your comment: ${written.why}. Write /stop on #${story} yourself.` };
}
