/**
 * Runs inside the sandbox, alone: it imports nothing of ours. It passes connections of one loopback port to the relay's
 * socket, starts the agent's program, and ends as that does; all other processes inside end with it.
 */
import { spawn } from "node:child_process";
import { connect, createServer } from "node:net";
import { constants } from "node:os";

const [port = "0", socket = "", program = "", ...args] = process.argv.slice(2);

const server = createServer((incoming) => {
  const outgoing = connect(socket);
  const end = () => {
    incoming.destroy();
    outgoing.destroy();
  };
  incoming.on("error", end).pipe(outgoing).on("error", end).pipe(incoming);
});
server.listen(Number(port), "127.0.0.1", () => {
  const child = spawn(program, args, { stdio: "inherit" });
  child.on("error", (error) => {
    console.error(error.message);
    process.exit(127);
  });
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
});
