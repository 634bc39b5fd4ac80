import { accept, type CommandAnswer, refuse } from "../answer.ts";
import {
  type CommandName,
  type CommandOf,
  type CommandOn,
  dutiesOn,
  formsFor,
  type Place,
  wrongPlace,
} from "../commands.ts";
import type { CommandRequest, LoadedPolicy } from "../facts.ts";
import { authority } from "./authority.ts";

/** Answers one command in a context `C`; null while a needed fact cannot be read. */
export type Handler<N extends CommandName, C> = (
  context: C,
  request: CommandRequest,
  command: CommandOf<N>,
) => CommandAnswer | null;

/** The handlers of all commands that can be given in a place, but for `/help`, which is the same everywhere. */
export type Handlers<P extends Place, C> = { [N in Exclude<CommandOn<P>, "help">]: Handler<N, C> };

/**
 * Answers a command in a place: refuses it without authority, or if it is badly written or in the wrong place, and
 * otherwise calls its handler. `over` is the answer to every command but `/status` and `/help` where the story or pull
 * request takes none now; null: it does. Null while a needed fact cannot be read.
 */
export function answerIn<N extends CommandName, C extends { loaded: LoadedPolicy }>(
  place: Place,
  handlers: { [K in N]: Handler<K, C> },
  context: C,
  request: CommandRequest,
  over: CommandAnswer | null,
): CommandAnswer | null {
  const { command } = request;
  const { policy } = context.loaded;
  // Our pages have a button for it, which writes the command as the person; it only ends work.
  const isButton = command.name === "stop" && request.viaUs === true;
  const own = isButton ? { ...request, viaApp: false } : request;
  const allowed = authority(own, dutiesOn(place, command.name, policy), policy.people);
  if (allowed.answer === "wait") return null;
  if (allowed.answer === "no") return refuse(allowed.code, allowed.line);
  if ("reply" in command) return refuse("badly-written", command.reply);
  const answer = answerAlone(place, handlers, context, request, over);
  const { unread } = command;
  if (answer === null || unread === undefined) return answer;
  return { ...answer, line: `${answer.line} \`/${unread}\` below it was not read: write it as a comment of its own.` };
}

/** Answers a well written command of somebody who may give it. */
function answerAlone<N extends CommandName, C extends { loaded: LoadedPolicy }>(
  place: Place,
  handlers: { [K in N]: Handler<K, C> },
  context: C,
  request: CommandRequest,
  over: CommandAnswer | null,
): CommandAnswer | null {
  const { command } = request;
  if (command.name === "help") return help(place, request, context.loaded.policy);
  if (over !== null && command.name !== "status") return over;
  return isHandled(command, handlers)
    ? handlers[command.name](context, request, command)
    : refuse("wrong-place", wrongPlace(command.name));
}

/** The commands that this person may give here. */
function help(place: Place, { by, permission }: CommandRequest, policy: LoadedPolicy["policy"]): CommandAnswer {
  const forms = formsFor(place, permission.known ? permission.value.duties : [], policy);
  return accept("shown", `@${by.login} may write here: ${forms.map((form) => `\`${form}\``).join(", ")}.`);
}

function isHandled<N extends CommandName>(
  command: { name: CommandName },
  handlers: { [K in N]: unknown },
): command is CommandOf<N> {
  return Object.hasOwn(handlers, command.name);
}
