import { matcher } from "../paths/patterns.ts";
import { testLanguage } from "./test-languages.ts";

/** File names that mark a test, matched with their case: `Latest.java` is not a test. */
export const testNames = matcher(
  [
    "**/*.{test,spec}.*",
    "**/*[._-]{test,spec}.{js,ts,py,go,rb,ex,exs,c,cc,cpp,dart,clj}",
    "**/*{Test,Tests,Spec,IT}.{java,kt,scala,groovy,cs,php,swift}",
    "**/test_*.py",
    "**/*.{bats,feature}",
  ],
  "allow",
);
/** Folders of tests and their helpers. */
export const testFolders = matcher(["**/__tests__/**", "**/test/**", "**/tests/**", "**/spec/**", "**/e2e/**"], "deny");
/** Snapshots of tests. */
export const snapshots = matcher(["**/*.snap", "**/__snapshots__/**"], "deny");

/** Where a role that writes tests only may write, as it is spelled: a name that could be confused with one opens nothing. */
const written = matcher(["**/{__tests__,test,tests,Test,Tests,spec,e2e,__snapshots__}/**", "**/*.snap"], "allow");

/** Whether a path has the name of a test, or lies in a folder of tests. */
export function looksLikeTest(path: string): boolean {
  return testNames.matches(path) !== null || testFolders.matches(path) !== null;
}

/**
 * Says of a path whether it is closed to a role that writes tests only: neither a program with the name of a test, nor in
 * a folder of tests, nor a snapshot, nor under the policy's `patterns`. Undefined: a role that writes anything.
 */
export function testsGuard(tests: { patterns: readonly string[] } | undefined): (path: string) => boolean {
  if (tests === undefined) return () => false;
  const named = matcher(tests.patterns, "allow");
  return (path) => {
    const isNamed = testNames.matches(path) !== null && testLanguage(path) !== null;
    return !isNamed && written.matches(path) === null && named.matches(path) === null;
  };
}
