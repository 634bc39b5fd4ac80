import type { Check } from "./checks.ts";
import { isProgram } from "./commands.ts";
import { always } from "./reach.ts";
import { kindOfName } from "./runners.ts";
import { checksOfScript } from "./script-checks.ts";

/** A script of a file by its name; the line is where it begins. `errexit`: its first failure ends it. */
type Named = { unit: string; text: string; line: number; errexit?: boolean; ignored?: string | null };

/** The checks of a file, and the names of all scripts that stand in it, also of those that check nothing. */
export type Scripts = { checks: Check[]; units: string[] };

const runs = { workflow: always, job: always, own: always };

function scriptsOf(path: string, scripts: readonly Named[]): Scripts {
  const checks = scripts.flatMap(({ unit, text, line, errexit = false, ignored = null }) =>
    checksOfScript(text, { errexit, pipefail: false }, new Map()).map(
      ({ offset, ...check }): Check => ({
        ...check,
        ...{ path, unit, title: unit, step: null, isProduct: false, isLocal: true, width: 1, reach: runs },
        line: line + text.slice(0, offset).split("\n").length - 1,
        ignored: check.ignored ?? ignored,
        lines: { event: line, job: line },
      }),
    ),
  );
  return { checks, units: [...new Set(scripts.map(({ unit }) => unit))] };
}

/** A hook or another script for a shell: it stops at a failure where its first line or a `set` says so; husky's always. */
export function shellScript(path: string, text: string): Scripts {
  const errexit = /(?:^|\/)\.husky\//.test(path) || /^#![^\n]{0,200}\s-[a-z]*e/.test(text);
  return scriptsOf(path, [{ unit: path, text, line: 1, errexit }]);
}

/** What the scripts of a package run that bear the name of a check, and what runs before and after them. Null: no JSON. */
export function packageScripts(path: string, text: string): Scripts | null {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    return null;
  }
  const scripts = typeof value === "object" && value !== null && "scripts" in value ? value.scripts : null;
  if (typeof scripts !== "object" || scripts === null) return scriptsOf(path, []);
  const lines = text.split("\n");
  const from = lines.findIndex((line) => /"scripts"\s{0,9}:/.test(line));
  const named = Object.entries(scripts).flatMap(([unit, script]): Named[] => {
    const kind = kindOfName(unit.replace(/^(?:pre|post)(?=[a-z])/, ""));
    if (typeof script !== "string" || kind === null || kind === "build") return [];
    const at = lines.findIndex((line, index) => index >= from && line.includes(`${JSON.stringify(unit)}:`));
    return [{ unit, text: script, line: Math.max(0, at) + 1 }];
  });
  return { ...scriptsOf(path, named), units: Object.keys(scripts) };
}

/** What the recipes of a Makefile run, line by line: each is a script of its own, and `-` in front lets its failure pass. */
export function makeScripts(path: string, text: string): Scripts {
  const found: Named[] = [];
  const lines = text.split("\n");
  const special = (pattern: RegExp) => lines.flatMap((line) => pattern.exec(line)?.[1]?.trim().split(/\s+/) ?? []);
  const ignoring = special(/^\.IGNORE\s{0,9}:(.{0,2000})/);
  const named = (names: string[]) => names.filter((one) => kindOfName(one) !== null);
  let unit = "";
  for (let at = 0; at < lines.length; at += 1) {
    const start = at;
    let line = lines[at] ?? "";
    while (line.endsWith("\\") && at + 1 < lines.length && at - start < 500) {
      at += 1;
      line += `\n${lines[at]}`;
    }
    const rule = /^([\w.%/$(){} -]{1,200}?)\s{0,9}::?(?!=)([^#]{0,2000})/.exec(line);
    if (line.startsWith("\t")) {
      const [, signs = "", recipe = ""] = /^\t\s{0,50}([-@+]{0,5})\s{0,9}([\s\S]*)$/.exec(line) ?? [];
      const isIgnored = signs.includes("-") || ignoring.includes(unit) || (ignoring[0] === "" && ignoring.length === 1);
      const shell = recipe.replace(/\$[({](\w+)[)}]/g, "$$$1").replaceAll("$$", "$");
      const ignored = isIgnored ? "make is told to go on when it fails" : null;
      found.push({ unit, text: shell, line: start + 1, ignored });
    } else if (rule !== null && !line.startsWith(".")) {
      unit = rule[1] ?? "";
      const needed = named((rule[2] ?? "").split(";")[0]?.split(/\s+/) ?? []).slice(0, 50);
      found.push({ unit, text: needed.map((one) => `make ${one}`).join("\n"), line: start + 1, errexit: true });
    }
  }
  const { checks, units } = scriptsOf(path, found);
  // To ask for a target that is only said to be phony does nothing, and well.
  const phony = special(/^\.PHONY\s{0,9}:(.{0,2000})/).filter((name) =>
    /^(?:test|static)$/.test(kindOfName(name) ?? ""),
  );
  return { checks, units: [...units, ...phony] };
}

/** Commands that stand in the strings of a program, as in `run("npm test")`. */
export function programScripts(path: string, code: string): Scripts {
  const found: Named[] = [];
  code.split("\n").forEach((line, index) => {
    for (const [, , text = ""] of line.slice(0, 2_000).matchAll(/(["'`])([^"'`\\]{3,500})\1/g))
      if (text.includes(" ") && isProgram(text.split(" "))) found.push({ unit: path, text, line: index + 1 });
  });
  return scriptsOf(path, found);
}
