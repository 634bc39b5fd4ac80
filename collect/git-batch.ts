import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { type Known, known, unknown } from "../core/known.ts";
import { gitCommand, gitEnvironment } from "./git.ts";

/** A git object: `content` is null if it is larger than the caller wanted to read. Whoever made the commit wrote it. */
export type GitObject = {
  id: string;
  type: "blob" | "tree" | "commit" | "tag";
  size: number;
  content: Buffer | null;
};

/**
 * One `git cat-file --batch` process that answers many questions. Questions may be asked before the answers to earlier
 * ones are there; an answer is null if there is no such object. Once git has ended, every answer is unknown.
 * Source: git-cat-file(1), "BATCH OUTPUT".
 */
export type Batch = {
  /** `name` is an object id or any other revision, such as `main^{commit}`. */
  read(name: string, limit: number): Promise<Known<GitObject | null>>;
  close(): void;
};

type Question = {
  name: string;
  limit: number;
  answer: (object: Known<GitObject | null>) => void;
};

/** An object whose header was read and whose content is coming in; `left` counts the line feed after it. */
type Arriving = { object: Omit<GitObject, "content">; parts: Buffer[] | null; left: number };

const types = new Set<string>(["blob", "tree", "commit", "tag"]);

/** A header is an id, a type and a size, or the name that was asked for and a word; a longer one is a fault. */
const headerBytes = 8_192;

/** Starts git in `dir` at the first question; it runs until `close`, after which every answer is unknown. */
export function openBatch(dir: string): Batch {
  let child: ChildProcessWithoutNullStreams | null = null;
  let broken: string | null = null;
  const questions: Question[] = [];

  const fail = (why: string) => {
    broken ??= why;
    for (const { answer } of questions.splice(0)) answer(unknown(broken));
    child?.kill("SIGKILL");
  };
  const start = () => {
    const started = spawn("git", gitCommand(dir, ["cat-file", "--batch"]), { env: gitEnvironment });
    let complaint = "";
    started.stderr.on("data", (chunk: Buffer) => {
      if (complaint.length < 2_000) complaint += chunk.toString("utf8");
    });
    started.stdin.on("error", () => undefined);
    started.on("error", (error) => fail(`git could not be started in ${dir}: ${error.message}`));
    started.on("close", () => {
      const [line = ""] = complaint.split("\n");
      fail(`git cat-file ended in ${dir}${line === "" ? "" : `: ${line.slice(0, 300)}`}`);
    });
    const read = answerReader(questions);
    started.stdout.on("data", (chunk: Buffer) => {
      const problem = read(chunk);
      if (problem !== null) fail(`git cat-file gave an answer in ${dir} that cannot be read: ${problem}`);
    });
    return started;
  };
  return {
    read: (name, limit) => {
      if (broken !== null) return Promise.resolve(unknown(broken));
      if (/[\n\0]/.test(name) || name.length > headerBytes / 4)
        return Promise.resolve(unknown(`no object can be named ${JSON.stringify(name.slice(0, 80))}`));
      child ??= start();
      child.stdin.write(`${name}\n`);
      return new Promise((answer) => questions.push({ name, limit, answer }));
    },
    close: () => {
      broken ??= `the reading of ${dir} was closed`;
      child?.stdin.end();
    },
  };
}

/** Takes git's output piece by piece and answers the questions in their order; gives what is wrong with it, or null. */
function answerReader(questions: Question[]): (chunk: Buffer) => string | null {
  let header = Buffer.alloc(0);
  let arriving: Arriving | null = null;
  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      if (arriving === null) {
        const end = chunk.indexOf(0x0a, at);
        header = Buffer.concat([header, chunk.subarray(at, end === -1 ? chunk.length : end)]);
        if (header.length > headerBytes) return "a line without an end";
        if (end === -1) return null;
        at = end + 1;
        const line = header.toString("utf8");
        header = Buffer.alloc(0);
        const [question] = questions;
        if (question === undefined) return "more than was asked for";
        if (line === `${question.name} missing` || line === `${question.name} ambiguous`) {
          questions.shift()?.answer(known(null));
          continue;
        }
        const object = objectOf(line);
        if (object === null) return JSON.stringify(line.slice(0, 200));
        arriving = { object, parts: object.size <= question.limit ? [] : null, left: object.size + 1 };
      }
      const part = chunk.subarray(at, at + arriving.left);
      at += part.length;
      arriving.left -= part.length;
      arriving.parts?.push(part);
      if (arriving.left > 0) continue;
      const { object, parts } = arriving;
      arriving = null;
      const content = parts === null ? null : Buffer.concat(parts).subarray(0, object.size);
      questions.shift()?.answer(known({ ...object, content }));
    }
    return null;
  };
}

function objectOf(line: string): Arriving["object"] | null {
  const [, id = "", type = "", size = ""] = /^([0-9a-f]{40,64}) ([a-z]+) ([0-9]{1,15})$/.exec(line) ?? [];
  return isType(type) ? { id, type, size: Number(size) } : null;
}

function isType(word: string): word is GitObject["type"] {
  return types.has(word);
}
