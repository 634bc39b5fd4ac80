import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { programPath } from "../settings/programs.ts";

/** The user as whom agents' programs run where the service itself is root: nobody, whose processes can be counted. */
export const nobody = 65_534;

/** The environment of bubblewrap itself. Nothing of ours is passed on: a program inside can read its `/proc/1/environ`. */
export const bareEnvironment = { PATH: "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin" };

/** Where things are inside, the same in each run, so that a tool says the same to its model again. */
export const inside = { work: "/work", home: "/home/agent", own: "/run/sallyport", port: 8_080 } as const;

/** The most that one program may use. */
export type Resources = Readonly<Record<keyof typeof resources, number>>;

/** What programs may use; sizes in bytes. */
export const resources = {
  memory: 4 * 1024 ** 3,
  processes: 300,
  /** Processes and their threads, which the kernel itself holds. */
  tasks: 800,
  /** What it prints, and what its folder grows by. */
  printed: 64 * 1024 ** 2,
  written: 1024 ** 3,
  file: 256 * 1024 ** 2,
  /** Of each of its folders that are only in memory. */
  temporary: 512 * 1024 ** 2,
};

/** What a program sees of this machine, and what it is told. Folders and files are our host's own. */
export type Enclosed = {
  /** Its folder, the only thing of the machine that it may write to. */
  work: string;
  /** A folder of ours with `passwd`, `group`, `hosts` and `nsswitch.conf`. */
  etc: string;
  /** The socket of the relay; null: there is no way out at all. */
  socket: string | null;
  /** The operator's folder of agents' programs; null: none. */
  tools: string | null;
  /** A file of ours that stands in its home: where, and which. */
  settings?: { path: string; from: string };
  env: Readonly<Record<string, string>>;
  argv: readonly string[];
  most: Resources;
};

/**
 * The arguments of bubblewrap: new namespaces of every kind, no network but loopback, no variable, a read-only system
 * without this machine's settings and homes, and the work folder. The limit of tasks is set inside, where it counts the
 * program's processes alone.
 */
export function bubblewrapArguments({ work, etc, socket, tools, settings, env, argv, most }: Enclosed): string[] {
  const { temporary, tasks, file } = most;
  const entry = programPath("inside");
  const memory = (path: string, size: number = temporary) => ["--size", String(size), "--tmpfs", path];
  const shown = (from: string, to = from) => ["--ro-bind", from, to];
  const socketInside = join(inside.own, "model.sock");
  const entryInside = join(inside.own, entry.endsWith(".ts") ? "inside.ts" : "inside.mjs");
  return [
    ...["--unshare-all", "--unshare-user", "--disable-userns", "--uid", "1000", "--gid", "1000"],
    ...["--hostname", "agent", "--die-with-parent", "--new-session", "--clearenv"],
    ...shown("/usr"),
    ...systemFolders(),
    ...["alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d"].flatMap((name) => [
      ...["--ro-bind-try", `/etc/${name}`, `/etc/${name}`],
    ]),
    ...["passwd", "group", "hosts", "nsswitch.conf"].flatMap((name) => shown(join(etc, name), `/etc/${name}`)),
    ...["--proc", "/proc", "--dev", "/dev"],
    ...memory("/dev/shm"),
    ...memory("/tmp"),
    ...memory(inside.home),
    ...(settings === undefined ? [] : shown(settings.from, join(inside.home, settings.path))),
    ...shown(process.execPath, join(inside.own, "node")),
    ...shown(entry, entryInside),
    ...(socket === null ? [] : shown(socket, socketInside)),
    ...(tools === null ? [] : shown(tools)),
    ...["--bind", work, inside.work, "--chdir", inside.work, "--remount-ro", "/dev", "--remount-ro", "/"],
    ...Object.entries({ ...baseEnvironment(tools), ...env }).flatMap(([name, value]) => ["--setenv", name, value]),
    // The machine's other work goes first, and its memory too.
    ...[
      "--",
      "nice",
      "-n",
      "10",
      "choom",
      "-n",
      "500",
      "--",
      "prlimit",
      `--nproc=${tasks}`,
      `--fsize=${file}`,
      "--core=0",
      "--nofile=8192",
      "--",
    ],
    ...(socket === null
      ? []
      : [join(inside.own, "node"), "--no-warnings", entryInside, String(inside.port), socketInside]),
    ...argv,
  ];
}

/** `/bin` and its like as they are here: links into `/usr` on most systems. */
function systemFolders(): string[] {
  return readdirSync("/", { withFileTypes: true }).flatMap((entry) => {
    if (!/^s?bin$|^lib(?:32|64|x32)?$/.test(entry.name)) return [];
    const path = `/${entry.name}`;
    return entry.isSymbolicLink() ? ["--symlink", readlinkSync(path), path] : ["--ro-bind", path, path];
  });
}

function baseEnvironment(tools: string | null): Record<string, string> {
  const own = tools === null ? [] : [join(tools, "bin"), join(tools, "node_modules/.bin")];
  const path = [...own, inside.own, "/usr/local/bin", "/usr/bin", "/bin"];
  return { PATH: path.join(":"), HOME: inside.home, LANG: "C.UTF-8", TMPDIR: "/tmp", CI: "true" };
}
