import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { Socket } from "node:net";
import { type Known, known, type Unread, unknown } from "../../core/known.ts";
import { type Budget, tooMuch } from "../budget.ts";
import { gitCommand, gitEnvironment, problemIn } from "./git.ts";

/** A git object: `content` is null if it is larger than the caller's limit. The author of the commit wrote it. */
export type GitObject = {
  id: string;
  type: "blob" | "tree" | "commit" | "tag";
  size: number;
  content: Buffer | null;
};

/**
 * One `git cat-file --batch` process that answers many requests. A request may be made before earlier ones are
 * answered; an answer is null if there is no such object. Once git has exited, every answer is unknown. An object that
 * the budget or its `hold` has no room for ends git, and what was asked by then is unknown; a later request starts it
 * anew. Source: git-cat-file(1), "BATCH OUTPUT".
 */
export type Batch = {
  /** `name` is an object id or any other revision, such as `main^{commit}`. */
  read(name: string, limit: number, hold?: Hold): Promise<Known<GitObject | null>>;
  close(): void;
};

/** How many more bytes may be held of the objects that are read together. */
export type Hold = { bytes: number };

type ObjectRequest = {
  name: string;
  limit: number;
  hold: Hold;
  answer: (object: Known<GitObject | null>) => void;
};

/** An object whose header was read and whose content is arriving; `left` counts the line feed after the content. */
type PartialObject = { object: Omit<GitObject, "content">; parts: Buffer[] | null; left: number };

const types = new Set<string>(["blob", "tree", "commit", "tag"]);

/** A header is an id, a type and a size, or the requested name and a word; a longer header is an error. */
const headerBytes = 8_192;

/**
 * Starts git in `dir` at the first request. Git runs until `close`, after which every answer is unknown, or until this
 * process exits. It keeps this process alive only while a request is pending.
 */
export function openBatch(dir: string, budget: Budget): Batch {
  let child: ChildProcessWithoutNullStreams | null = null;
  let broken: Unread | null = null;
  const questions = openQueue();
  let unsent = "";

  const send = () => {
    child?.stdin.write(unsent);
    unsent = "";
  };
  const end = (why: Unread) => {
    for (let one = questions.take(); one !== undefined; one = questions.take()) one.answer(why);
    child?.kill("SIGKILL");
    child = null;
    unsent = "";
  };
  const fail = (why: string) => {
    broken ??= { known: false, why };
    end(broken);
  };
  const refuse = (size: number, { limit, hold }: ObjectRequest): Unread | null => {
    // Git prints a larger object too, which takes its time.
    const refused = budget.take({ bytes: Math.min(size, limit), objects: 1 });
    if (refused !== null || size > limit) return refused;
    hold.bytes -= size;
    return hold.bytes < 0 ? tooMuch("the files or folders to be read at one time are too large together") : null;
  };
  const start = () => {
    const started = spawn("git", gitCommand(dir, ["cat-file", "--batch"]), { env: gitEnvironment });
    let complaint = "";
    keepAlive(started, false);
    started.stderr.on("data", (chunk: Buffer) => {
      if (complaint.length < 2_000) complaint += chunk.toString("utf8");
    });
    started.stdin.on("error", () => undefined);
    started.on("error", (error) => fail(`git could not be started in ${dir}: ${error.message}`));
    started.on("close", () => {
      if (child !== started) return;
      const problem = problemIn(complaint);
      fail(`git cat-file ended in ${dir}${problem === "" ? "" : `: ${problem}`}`);
    });
    const read = answerReader(questions, refuse);
    started.stdout.on("data", (chunk: Buffer) => {
      if (child !== started) return;
      const stop = read(chunk);
      if (questions.first() === undefined) keepAlive(started, false);
      if (typeof stop === "string") fail(`git cat-file gave an answer in ${dir} that cannot be read: ${stop}`);
      else if (stop !== null) end(stop);
    });
    return started;
  };
  return {
    read: (name, limit, hold = { bytes: limit }) => {
      if (broken !== null) return Promise.resolve(broken);
      if (/[\n\0]/.test(name) || name.length > headerBytes / 4)
        return Promise.resolve(unknown(`no object can be named ${JSON.stringify(name.slice(0, 80))}`));
      child ??= start();
      // Requests made in the same tick are sent in one write.
      if (unsent === "") setImmediate(send);
      unsent += `${name}\n`;
      if (questions.first() === undefined) keepAlive(child, true);
      return new Promise((answer) => questions.add({ name, limit, hold, answer }));
    },
    close: () => {
      broken ??= { known: false, why: `the reading of ${dir} was closed` };
      child?.stdin.end();
    },
  };
}

function keepAlive(child: ChildProcessWithoutNullStreams, isNeeded: boolean): void {
  // Pipes to a child are sockets, whatever their declared type says.
  const pipes = [child.stdin, child.stdout, child.stderr].filter((pipe) => pipe instanceof Socket);
  for (const handle of [child, ...pipes]) isNeeded ? handle.ref() : handle.unref();
}

const nothing: Buffer = Buffer.alloc(0);

/** The pending requests in order. */
type Queue = {
  add(question: ObjectRequest): void;
  first(): ObjectRequest | undefined;
  take(): ObjectRequest | undefined;
};

/** Keeps an index of the first item, because shifting a long array moves all of it. */
function openQueue(): Queue {
  let waiting: (ObjectRequest | undefined)[] = [];
  let next = 0;
  return {
    add: (question) => waiting.push(question),
    first: () => waiting[next],
    take: () => {
      const question = waiting[next];
      if (question === undefined) return undefined;
      waiting[next] = undefined;
      next += 1;
      if (next === waiting.length) [waiting, next] = [[], 0];
      return question;
    },
  };
}

/**
 * Parses git's output chunk by chunk and answers the requests in order; returns what is wrong with the output, why the
 * next object is not read, or null.
 */
function answerReader(
  questions: Queue,
  refuse: (size: number, request: ObjectRequest) => Unread | null,
): (chunk: Buffer) => string | Unread | null {
  let header = nothing;
  let arriving: PartialObject | null = null;
  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      if (arriving === null) {
        const end = chunk.indexOf(0x0a, at);
        const part = chunk.subarray(at, end === -1 ? chunk.length : end);
        header = header.length === 0 ? part : Buffer.concat([header, part]);
        if (header.length > headerBytes) return "a line without an end";
        if (end === -1) return null;
        at = end + 1;
        const line = header.toString("utf8");
        header = nothing;
        const question = questions.first();
        if (question === undefined) return "more than was asked for";
        if (line === `${question.name} missing` || line === `${question.name} ambiguous`) {
          questions.take()?.answer(known(null));
          continue;
        }
        const object = objectOf(line);
        if (object === null) return JSON.stringify(line.slice(0, 200));
        const refused = refuse(object.size, question);
        if (refused !== null) return refused;
        arriving = { object, parts: object.size <= question.limit ? [] : null, left: object.size + 1 };
      }
      const part = chunk.subarray(at, at + arriving.left);
      at += part.length;
      arriving.left -= part.length;
      arriving.parts?.push(part);
      if (arriving.left > 0) continue;
      const { object, parts } = arriving;
      arriving = null;
      const [first] = parts ?? [];
      const whole = parts === null || first === undefined || parts.length === 1 ? first : Buffer.concat(parts);
      const content = whole?.subarray(0, object.size) ?? null;
      questions.take()?.answer(known({ ...object, content }));
    }
    return null;
  };
}

function objectOf(line: string): PartialObject["object"] | null {
  const [, id = "", type = "", size = ""] = /^([0-9a-f]{40,64}) ([a-z]+) ([0-9]{1,15})$/.exec(line) ?? [];
  return isType(type) ? { id, type, size: Number(size) } : null;
}

function isType(word: string): word is GitObject["type"] {
  return types.has(word);
}
