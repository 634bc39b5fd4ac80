import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { limitEnds } from "../../builders/limit-ends.ts";
import { runScript, unconfined } from "../../hosts/enclosure.ts";

/** What a hostile script cannot be told by anything that it is given. */
const canary = "canary-5c0d2f7e";
process.env.SALLYPORT_CANARY = canary;

const confined = unconfined === null ? describe : describe.skip;

confined("a hostile program", () => {
  test("T193: finds no variable and no process of the host in /proc", async () => {
    const { lines } = await runScript(
      `env; ls /proc | grep -E '^[0-9]+$' | wc -l; cat /proc/*/environ | tr '\\0' '\\n'`,
      { env: {} },
    );
    expect(lines.join("\n")).not.toContain(canary);
    const names = lines.flatMap((line) => /^([A-Z_]+)=/.exec(line)?.[1] ?? []);
    const known = ["PATH", "HOME", "LANG", "TMPDIR", "CI", "PWD", "SHLVL", "_", "OLDPWD"];
    expect(names.filter((name) => !known.includes(name))).toEqual([]);
    // Its own shell, grep and the like: the host has more processes than that.
    expect(Number(lines.find((line) => /^\d+$/.test(line)))).toBeLessThan(10);
  });

  test("T171, T181: sees no file of the host but its system, and writes to none", async () => {
    const secret = join(tmpdir(), `${canary}.txt`);
    await writeFile(secret, canary);
    const home = readFileSync("/etc/passwd", "utf8").split("\n").length;
    const { lines } = await runScript(`
      cat ${secret} && echo "read the host's file"
      ls /root /home/* /var /opt /srv /mnt /sys /run/secrets 2>/dev/null | head -20
      wc -l < /etc/passwd; ls /etc | sort | tr '\\n' ' '; echo
      ln -s ${secret} link; cat link
      for folder in / /usr /etc /dev /run /bin /proc/sys/kernel; do touch $folder/mark 2>/dev/null && echo "wrote $folder"; done
      echo 1 2>/dev/null > /proc/sys/kernel/core_pattern && echo "wrote the kernel's settings"
      mount -t tmpfs none /mnt 2>/dev/null && echo mounted
      unshare --user true 2>/dev/null && echo "made a namespace"
      true`);
    expect(lines.filter((line) => /read|wrote|mounted|made/.test(line) || line.includes(canary))).toEqual([]);
    expect(lines).toContain("1");
    expect(home).toBeGreaterThan(1);
    const etc =
      lines
        .find((line) => line.includes("passwd"))
        ?.trim()
        .split(" ") ?? [];
    const shown = /^(alternatives|ld\.so\..*|passwd|group|hosts|nsswitch\.conf)$/;
    expect(etc.filter((name) => !shown.test(name))).toEqual([]);
  });

  test("T168, T172: reaches no address, no name server, no metadata service and no service of the host", async () => {
    let reached = 0;
    const server = createServer((_request, response) => {
      reached += 1;
      response.end("the host");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const { lines } = await runScript(`
      try() { timeout 3 bash -c "exec 3<>/dev/tcp/$1/$2 && echo reached $1 $2" 2>/dev/null; }
      try 127.0.0.1 ${port}; try 169.254.169.254 80; try 1.1.1.1 53; try localhost ${port}
      timeout 3 getent hosts example.com && echo resolved
      ls /sys/class/net 2>/dev/null; cat /proc/net/route | tail -n +2; ls /run`);
    server.close();
    expect(reached).toBe(0);
    expect(lines).toEqual(["sallyport"]);
  });

  test("leaves no process behind, whatever it ignores or detaches", async () => {
    const mark = "31557.5";
    const { exit, lines } = await runScript(
      `(trap '' TERM HUP INT; sleep ${mark}) & (setsid nohup sleep ${mark} > /dev/null 2>&1 &) ; echo left`,
    );
    expect({ exit, lines }).toEqual({ exit: 0, lines: ["left"] });
    expect(running(mark)).toBe(false);
  });

  test("T173, T182: what it leaves is removed, however deep and closed it is", async () => {
    let folder = "";
    await runScript(
      `for i in $(seq 1 60); do n=$(printf 'x%.0s' $(seq 1 200)); mkdir $n; cd $n; done
      touch deep; cd /work; mkdir closed; touch closed/file; chmod 000 closed`,
      {
        async before({ work }) {
          folder = dirname(work);
        },
        async after({ work }) {
          expect(existsSync(join(work, "closed"))).toBe(true);
        },
      },
    );
    expect(existsSync(folder)).toBe(false);
  });
});

confined("a limit ends a program within five seconds, and is told as what it is", () => {
  test.each([
    ["processes: a fork bomb", "processes-exceeded", "bomb() { bomb | bomb & }; bomb; sleep 100"],
    ["printed bytes", "output-exceeded", "yes"],
    ["written bytes", "output-exceeded", "for i in $(seq 1 99); do head -c 20000000 /dev/zero > f$i; done; sleep 99"],
    ["many empty files", "output-exceeded", "touch {1..20000}; sleep 99"],
  ])("%s", async (_what, code, script) => {
    // Enough memory that the limit of each is met first: what a fork shares counts for each process.
    const { stopped } = await runScript(script, { most: { memory: 1024 ** 3 } });
    expect(stopped?.code).toBe(code);
  });

  test("memory", async () => {
    // It says when it holds too much: how long a busy machine takes to get there is not the limit's matter.
    const { stopped, lines, saidMs } = await runScript(
      `perl -e '$| = 1; $held = "x" x 4e8; print "held\\n"; sleep 60'`,
    );
    expect([stopped?.code, `custom was ended: ${stopped?.message}`]).toEqual(limitEnds.memory);
    expect([[], ["held"]]).toContainEqual(lines);
    expect(saidMs).toBeLessThan(5_000);
  });

  test("time and silence", async () => {
    const late = await runScript("while sleep 0.2; do echo on; done", { limits: { runtime: 1, silence: 60 } });
    expect(late.stopped?.code).toBe("time-exceeded");
    expect(late.ms).toBeLessThan(6_000);
    const silent = await runScript("sleep 60", { limits: { runtime: 60, silence: 1 } });
    expect(silent.stopped?.code).toBe("silence");
    expect(silent.ms).toBeLessThan(6_000);
  });

  test("somebody's stop", async () => {
    const mark = "31558.5";
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 1_000);
    const { ms, stopped } = await runScript(`sleep ${mark} & sleep ${mark}`, { signal: stop.signal });
    expect(stopped).toBeNull();
    expect(ms).toBeLessThan(6_000);
    expect(running(mark)).toBe(false);
  });
});

function running(mark: string): boolean {
  return execFileSync("ps", ["-eo", "args"], { encoding: "utf8" }).includes(`sleep ${mark}`);
}
