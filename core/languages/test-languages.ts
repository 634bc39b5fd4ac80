import { c } from "./c.ts";
import { dotnet } from "./dotnet.ts";
import { elixir } from "./elixir.ts";
import { gherkin } from "./gherkin.ts";
import { go } from "./go.ts";
import { javascript } from "./javascript.ts";
import { jvm } from "./jvm.ts";
import type { TestLanguage } from "./language.ts";
import { other } from "./other.ts";
import { php } from "./php.ts";
import { python } from "./python.ts";
import { ruby } from "./ruby.ts";
import { rust } from "./rust.ts";
import { shell } from "./shell.ts";
import { swift } from "./swift.ts";

const languages = [javascript, python, go, rust, jvm, dotnet, ruby, php, swift, c, shell, gherkin, elixir, other];

const byEnding: ReadonlyMap<string, TestLanguage> = new Map(
  languages.flatMap((language) => language.endings.split(" ").map((ending) => [ending, language] as const)),
);

/** The language of a file by its ending; null if it is no program: prose, data, pictures. */
export function testLanguage(path: string): TestLanguage | null {
  const ending = /\.(\w{1,10})$/.exec(path)?.[1]?.toLowerCase();
  return ending === undefined ? null : (byEnding.get(ending) ?? null);
}
