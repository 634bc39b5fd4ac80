import { once } from "node:events";
import { chmod } from "node:fs/promises";
import { createServer } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { messageOf } from "../../core/errors.ts";
import { give } from "./run-folder.ts";

/** A registry's relay at work; `failure`: why the registry itself could not be reached, once that happened. */
export type RegistryRelay = { failure(): string | null; close(): Promise<void> };

/** How long the registry may say nothing, in milliseconds. */
const patience = 60_000;

/**
 * Serves reads of one package registry on a Unix socket, the only way out of an installation. Nothing is sent there but
 * a path: no header, no body, no key.
 */
export async function startRegistryRelay(socket: string, registry: string): Promise<RegistryRelay> {
  let failure: string | null = null;
  const server = createServer(async (request, response) => {
    const path = request.url ?? "";
    if (request.method !== "GET" || !/^\/[\w@%~.+/-]*$/.test(path) || /\.\./.test(decoded(path))) {
      response.writeHead(403).end("Sallyport passes on reads of packages only");
      return;
    }
    try {
      const answer = await fetch(`${registry}${path}`, { signal: AbortSignal.timeout(patience) });
      if (answer.status >= 500) failure = `${registry} answered ${answer.status}`;
      const type = answer.headers.get("content-type") ?? "application/octet-stream";
      response.writeHead(answer.status, { "content-type": type });
      if (answer.body === null) response.end();
      else await pipeline(Readable.fromWeb(answer.body), response);
    } catch (error) {
      // Whoever asked may have gone; then nobody reads why.
      if (!request.socket.destroyed) failure = `${registry}: ${messageOf(error)}`;
      if (!response.headersSent) response.writeHead(502);
      response.end();
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
