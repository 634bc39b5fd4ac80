import { readdirSync, readFileSync } from "node:fs";

/** How many processes a process has below it, and the bytes of memory that are theirs alone. */
export type TreeUse = { processes: number; memory: number };

/**
 * What a process and all below it use now, by the kernel's own account. Whoever loses its parent in a PID namespace gets
 * the namespace's first process as parent, so none gets out of the tree. Source: proc_pid_status(5).
 */
export function useOf(root: number): TreeUse {
  const children = new Map<number, { pid: number; memory: number }[]>();
  for (const name of readdirSync("/proc")) {
    const status = /^\d+$/.test(name) ? statusOf(name) : "";
    const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
    const memory = Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1_024;
    const siblings = children.get(parent) ?? [];
    siblings.push({ pid: Number(name), memory });
    children.set(parent, siblings);
  }
  const use = { processes: 0, memory: 0 };
  const queue = [...(children.get(root) ?? [])];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    use.processes += 1;
    use.memory += next.memory;
    queue.push(...(children.get(next.pid) ?? []));
  }
  return use;
}

/** At once, because a machine full of processes gives no second turn soon; empty for one that has ended meanwhile. */
function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "latin1");
  } catch {
    return "";
  }
}
