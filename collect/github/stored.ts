import { SallyportError } from "../../core/errors.ts";

/** What a `fetch` for a file that GitHub keeps elsewhere needs: its name for people, how long it may take, what is made of it. */
type Stored = {
  what: string;
  milliseconds: number;
  read(body: ReadableStream<Uint8Array>): Promise<Record<string, unknown>>;
};

/**
 * Makes a `fetch` that follows GitHub's answer to where it keeps a file and gives what `read` makes of it as JSON. Our
 * token stays with GitHub, and the place has to be encrypted unless it is GitHub itself.
 */
export function fetchStored({ what, milliseconds, read }: Stored) {
  return async (url: string, init: RequestInit = {}): Promise<Response> => {
    const signal = AbortSignal.timeout(milliseconds);
    const answer = await fetch(url, { ...init, signal, redirect: "manual" });
    if (answer.status !== 302) return answer;
    const place = new URL(answer.headers.get("location") ?? "", url);
    if (place.protocol !== "https:" && place.host !== new URL(url).host)
      throw new SallyportError("github", `its ${what} is at an address without encryption, which is not followed`);
    const stored = await fetch(place, { signal, redirect: "error" });
    if (!stored.ok || stored.body === null)
      return Response.json(
        { message: `the ${what} could not be downloaded` },
        { status: stored.ok ? 502 : stored.status },
      );
    return Response.json(await read(stored.body));
  };
}
