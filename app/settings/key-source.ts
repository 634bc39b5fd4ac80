import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** The possible sources of a private key; exactly one must be set. */
export type KeySource = {
  /** The key itself, with `\n` for line ends. */
  text?: string | undefined;
  path?: string | undefined;
  /** A program and its arguments; the program prints the key. */
  command?: readonly string[] | undefined;
};

export type KeyReading = { ok: true; pem: string } | { ok: false; problem: string };

/** The limits of a command's run time, in milliseconds, and of its output, in bytes. */
const limits = { milliseconds: 30_000, bytes: 64 * 1024 } as const;

/**
 * Reads a key from the one source that is set; `name` is the variable's, for people, and `env` is the command's
 * environment. Problems name a source and never repeat its content.
 */
export function readKey(
  name: string,
  source: KeySource,
  env: Record<string, string | undefined>,
  timeoutMs: number = limits.milliseconds,
): KeyReading {
  const { text, path, command } = source;
  const given = [
    ...(text === undefined ? [] : [name]),
    ...(path === undefined ? [] : [`${name}_PATH`]),
    ...(command === undefined ? [] : [`${name}_COMMAND`]),
  ];
  if (given.length > 1) return no(`${given.join(" and ")}: are both set; keep one and empty the other`);
  if (text !== undefined) return { ok: true, pem: text.replaceAll("\\n", "\n") };
  if (path !== undefined) return readFile(`${name}_PATH`, path);
  if (command !== undefined) return printedBy(`${name}_COMMAND`, command, env, timeoutMs);
  return no(`${name} or ${name}_PATH: is not set; see .env.example`);
}

function no(problem: string): KeyReading {
  return { ok: false, problem };
}

function readFile(name: string, path: string): KeyReading {
  try {
    return { ok: true, pem: readFileSync(path, "utf8") };
  } catch {
    return no(`${name}: cannot read ${path}`);
  }
}

/**
 * Runs a command once, without a shell, and takes the key from its output. Its standard error may hold anything, so it
 * is discarded; the arguments may name a secret, so they are not repeated.
 */
function printedBy(
  name: string,
  [program = "", ...args]: readonly string[],
  env: Record<string, string | undefined>,
  timeoutMs: number,
): KeyReading {
  const { error, status, signal, stdout } = spawnSync(program, args, {
    env,
    timeout: timeoutMs,
    killSignal: "SIGKILL",
    maxBuffer: limits.bytes,
    stdio: ["ignore", "pipe", "ignore"],
    windowsHide: true,
  });
  const tryIt = "run it by hand as the service's user";
  const code = error !== undefined && "code" in error ? error.code : undefined;
  if (code === "ETIMEDOUT")
    return no(`${name}: ${program} took longer than ${timeoutMs / 1_000} seconds and was ended; ${tryIt}`);
  if (code === "ENOBUFS")
    return no(`${name}: ${program} printed more than ${limits.bytes} bytes, which is no key; ${tryIt}`);
  if (error !== undefined) return no(`${name}: ${program} cannot be started (${String(code)}); give its full path`);
  if (status !== 0)
    return no(`${name}: ${program} ended with ${signal === null ? `status ${status}` : `signal ${signal}`}; ${tryIt}`);
  // Password stores print notes after the secret; only the key itself is kept.
  const [pem] = /-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----/s.exec(
    stdout.toString("utf8"),
  ) ?? [undefined];
  return pem === undefined
    ? no(`${name}: ${program} printed no private key in PEM; ${tryIt}`)
    : { ok: true, pem: `${pem}\n` };
}
