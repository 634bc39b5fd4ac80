import { messageOf } from "../../core/errors.ts";
import { resources } from "./bubblewrap.ts";
import { runConfined } from "./confined.ts";
import { makeRunFolder } from "./run-folder.ts";

/**
 * Why no program can be confined on this machine, with the next step, in one line; null: one can. It is tried with the
 * same arguments as a real run.
 */
export async function confinementProblem(): Promise<string | null> {
  if (process.platform !== "linux")
    return "agents' programs run in bubblewrap, which needs Linux: let the service run there, or take `tool` out of the policy";
  const folder = await makeRunFolder();
  try {
    const { exit, complaint } = await runConfined(
      { ...folder, socket: null, tools: null, env: {}, argv: ["true"], most: resources },
      {
        stdin: "",
        limits: { runtime: 20, silence: 20 },
        signal: new AbortController().signal,
        onLine: () => false,
        isWaiting: () => false,
      },
    );
    return exit === 0 ? null : problemIn(complaint);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT")
      return "bubblewrap is not installed: install the package `bubblewrap` where the service runs";
    return problemIn(messageOf(error));
  } finally {
    await folder.remove();
  }
}

/** What bubblewrap's own complaint means for whoever runs the machine. */
function problemIn(complaint: string): string {
  const line = complaint.trim().split("\n").at(-1) ?? "";
  const next = /namespace|uid map|setup.*proc|Operation not permitted/i.test(complaint)
    ? "let its user make user namespaces (in a container by its seccomp profile; on Ubuntu by an AppArmor profile for bwrap)"
    : /unknown option/i.test(complaint)
      ? "install bubblewrap 0.8 or newer"
      : "try it by hand as the service's user";
  return `bubblewrap cannot confine a program here (${line.slice(0, 200)}): ${next}`;
}
