import { SallyportError } from "../../core/errors.ts";
import { type Database, openDatabase } from "../store/database.ts";
import type { Io } from "./io.ts";
import { withSettings } from "./settings.ts";

/**
 * Runs a command's work with the service's database. The embedded one belongs to the process that has it open, and a
 * second one would damage it: while a service answers on its port, the command is refused.
 */
export function withStore(
  io: Io,
  command: { command: string; envFile: string | undefined },
  run: (db: Database) => Promise<void>,
): Promise<void> {
  return withSettings(io, command, async ({ database, host, port }) => {
    const health = `http://${host.includes(":") ? `[${host}]` : host}:${port}/healthz`;
    if ("folder" in database && (await fetch(health).catch(() => null)) !== null)
      throw new SallyportError(
        "bad-input",
        `the service on port ${port} has the embedded database open: ask its /metrics, or stop it first`,
      );
    const { db, close } = await openDatabase(database);
    await run(db).finally(close);
  });
}
