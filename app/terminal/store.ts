import { existsSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { SallyportError } from "../../core/errors.ts";
import { type Database, openDatabase } from "../store/database.ts";
import type { Io } from "./io.ts";
import { withSettings } from "./settings.ts";

/**
 * Runs a command's work with the service's database, which has to be there. The embedded one belongs to the process that
 * has it open, and a second one would damage it: unless nothing listens on the service's port, the command is refused.
 */
export function withStore(
  io: Io,
  command: { command: string; envFile: string | undefined },
  run: (db: Database) => Promise<void>,
): Promise<void> {
  return withSettings(io, command, async ({ database, host, port }) => {
    if ("folder" in database) {
      if (database.folder === null || !existsSync(join(database.folder, "PG_VERSION")))
        throw new SallyportError(
          "bad-input",
          "there is no database yet: start `sallyport serve` first, or set DATABASE_URL or DATABASE_FOLDER as it has them",
        );
      if (await isListening(host, port))
        throw new SallyportError(
          "bad-input",
          `the service on port ${port} has the embedded database open: ask its /metrics, or stop it first`,
        );
    }
    const { db, close } = await openDatabase(database);
    await run(db).finally(close);
  });
}

/** Whether anything takes connections there. What does not answer in time may be a service that hangs. */
function isListening(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2_000 });
    const end = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(true));
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code !== "ECONNREFUSED"));
  });
}
