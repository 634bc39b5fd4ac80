import { once } from "node:events";
import { chmod } from "node:fs/promises";
import { createServer } from "node:http";
import { pipeline } from "node:stream/promises";
import { messageOf } from "../../core/errors.ts";
import { give } from "./run-folder.ts";

/** A registry's relay at work; `failure`: why the registry itself could not be reached, once that happened. */
export type RegistryRelay = { failure(): string | null; close(): Promise<void> };

/** How long the registry may say nothing, in milliseconds. */
const longestSilence = 60_000;

/**
 * Serves reads of one package registry on a Unix socket, the only way out of an installation. Nothing is sent there but
 * a path: no header, no body, no key.
 */
export async function startRegistryRelay(
  socket: string,
  registry: string,
  patience: number = longestSilence,
): Promise<RegistryRelay> {
  let failure: string | null = null;
  const server = createServer(async (request, response) => {
    const path = request.url ?? "";
    if (request.method !== "GET" || !/^\/[\w@%~.+/-]*$/.test(path) || /\.\./.test(decoded(path))) {
      response.writeHead(403).end("Sallyport passes on reads of packages only");
      return;
    }
    const quiet = new AbortController();
    // A large package may take its time, as long as it comes.
    const timer = setTimeout(() => quiet.abort(new Error(`it said nothing for ${patience / 1_000} s`)), patience);
    const fail = (error: unknown) => {
      // Whoever asked may have gone; then nobody reads why.
      if (!request.socket.destroyed) failure = `${registry}: ${messageOf(error)}`;
    };
    async function* heard(chunks: AsyncIterable<Uint8Array>) {
      try {
        for await (const chunk of chunks) {
          timer.refresh();
          yield chunk;
        }
      } catch (error) {
        // Before the answer ends for it: then whoever asked would seem to have gone.
        fail(error);
        throw error;
      }
    }
    try {
      const answer = await fetch(`${registry}${path}`, { signal: quiet.signal });
      if (answer.status >= 500) failure = `${registry} answered ${answer.status}`;
      const type = answer.headers.get("content-type") ?? "application/octet-stream";
      response.writeHead(answer.status, { "content-type": type });
      if (answer.body === null) response.end();
      else await pipeline(heard(answer.body), response);
    } catch (error) {
      fail(error);
      if (!response.headersSent) response.writeHead(502);
      response.end();
    } finally {
      clearTimeout(timer);
    }
  });
  server.listen(socket);
  await once(server, "listening");
  await chmod(socket, 0o600);
  await give(socket);
  return {
    failure: () => failure,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return "..";
  }
}
