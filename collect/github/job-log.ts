import { SallyportError } from "../../core/errors.ts";
import { type Known, known, unknown } from "../../core/known.ts";
import { type GitHub, requestKnown } from "./request.ts";
import { fetchStored } from "./stored.ts";

/** How many bytes of a log are read, which only an end is kept of, and how long that may take. */
const limits = { read: 20_000_000, kept: 32_000, milliseconds: 30_000 };

/**
 * The last lines of an Actions job's log, without its times and colours; whoever chose what the job runs wrote it. Unknown
 * when GitHub has no log of it any more, and when it is too long.
 * Source: GitHub docs, "Download job logs for a workflow run": the answer leads to another host for a minute.
 */
export async function readJobLog({ request, owner, repo }: GitHub, job: number): Promise<Known<string>> {
  const what = `the log of job ${job}`;
  const answer = await requestKnown<unknown>(
    what,
    request("GET /repos/{owner}/{repo}/actions/jobs/{job_id}/logs", {
      owner,
      repo,
      job_id: job,
      request: { fetch: fetchEnd },
    }),
  );
  if (!answer.known) return answer;
  const { value } = answer;
  const end = typeof value === "object" && value !== null && "end" in value ? value.end : null;
  return typeof end === "string" ? known(end) : unknown(`GitHub's answer about ${what} is not what was asked for`);
}

/** `fetch` for a log: the end of its text. */
const fetchEnd = fetchStored({
  what: "log",
  milliseconds: limits.milliseconds,
  read: async (body) => ({ end: await endOf(body) }),
});

/** The last whole lines of a stream; more than is shown, so that a secret is known whole before it is cut. */
async function endOf(body: ReadableStream<Uint8Array>): Promise<string> {
  let end = Buffer.alloc(0);
  let read = 0;
  for await (const chunk of body) {
    read += chunk.length;
    if (read > limits.read)
      throw new SallyportError("over-budget", `its log has more than ${limits.read} bytes, which are not read`);
    end = Buffer.concat([end, chunk]);
    if (end.length > limits.kept * 2) end = end.subarray(-limits.kept);
  }
  const text = end.toString("utf8");
  // A part of a line could hold a part of a secret, which nothing would know again.
  const whole = read > end.length ? text.replace(/^[^\n]*\n?/, "") : text;
  return (
    whole
      // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals' colours begin with one
      .replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "")
      .replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z /gm, "")
      .trimEnd()
      .toWellFormed()
  );
}
