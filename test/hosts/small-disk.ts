/** A small disk of its own, for what happens when there is no space: a file system in memory, which takes an administrator to mount. */
import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, statfsSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const asAdministrator = (command: string, ...args: string[]) => {
  const [program, rest] = process.getuid?.() === 0 ? [command, args] : ["sudo", ["-n", command, ...args]];
  execFileSync(program, rest, { stdio: "ignore" });
};

export type SmallDisk = {
  folder: string;
  /** Leaves so many bytes, or none. */
  fill(left?: number): void;
  empty(): void;
  close(): void;
};

export function mountSmallDisk(megabytes: number): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), "disk-"));
  const filler = join(folder, "filler");
  asAdministrator("mount", "-t", "tmpfs", "-o", `size=${megabytes}m,mode=777`, "none", folder);
  return {
    folder,
    fill(left = 0) {
      const { bavail, bsize } = statfsSync(folder);
      const file = openSync(filler, "a");
      const bytes = Buffer.alloc(bsize);
      try {
        for (let pages = bavail - Math.ceil(left / bsize); pages > 0; pages--) writeSync(file, bytes);
      } catch (error) {
        // Others wrote meanwhile.
        if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
      } finally {
        closeSync(file);
      }
    },
    empty: () => rmSync(filler, { force: true }),
    close() {
      asAdministrator("umount", "-l", folder);
      rmdirSync(folder);
    },
  };
}

/** Whether this machine lets us mount one. */
export const hasSmallDisks = (() => {
  try {
    mountSmallDisk(1).close();
    return true;
  } catch {
    console.warn("tests of a full disk are skipped: nobody may mount a file system here");
    return false;
  }
})();
