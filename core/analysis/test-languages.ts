import { c } from "../languages/c.ts";
import { dotnet } from "../languages/dotnet.ts";
import { elixir } from "../languages/elixir.ts";
import { gherkin } from "../languages/gherkin.ts";
import { go } from "../languages/go.ts";
import { javascript } from "../languages/javascript.ts";
import { jvm } from "../languages/jvm.ts";
import type { TestLanguage } from "../languages/language.ts";
import { other } from "../languages/other.ts";
import { php } from "../languages/php.ts";
import { python } from "../languages/python.ts";
import { ruby } from "../languages/ruby.ts";
import { rust } from "../languages/rust.ts";
import { shell } from "../languages/shell.ts";
import { swift } from "../languages/swift.ts";

const languages = [javascript, python, go, rust, jvm, dotnet, ruby, php, swift, c, shell, gherkin, elixir, other];

const byEnding: ReadonlyMap<string, TestLanguage> = new Map(
  languages.flatMap((language) => language.endings.split(" ").map((ending) => [ending, language] as const)),
);

/** The language of a file by its ending; null if it is no program: prose, data, pictures. */
export function testLanguage(path: string): TestLanguage | null {
  const ending = /\.(\w{1,10})$/.exec(path)?.[1]?.toLowerCase();
  return ending === undefined ? null : (byEnding.get(ending) ?? null);
}
