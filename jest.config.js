import { availableParallelism } from "node:os";

/**
 * What takes long: whole journeys, properties over many cases, and what starts git or the service hundreds of times.
 * `npm run test:slow` runs these, `npm test` all others; CI runs both.
 */
export const slow = [
  "/journeys/(?!label-to-merge)",
  "/test/(bundles|packed)",
  "/action/action",
  "/app/actions/gateway",
  "/app/agents/(command|conversation|limits|programs)",
  "/app/cli/(backtest/backtest|closed-pipe|completion|doctor|init/init|status)",
  "/app/cli/ledger/(archive|bundle|continuity|ledger|purge|replay|show|trusted-keys)",
  "/app/github/(clients|rate-limit)",
  "/app/http/(deliveries|server)",
  "/app/ledger/(crash|incident|publish|purge|restore|watch-required)",
  "/app/perform/(actions|agent|casefiles|change|commands|comments|once|outbox|pulls|report|rollback|takeover)",
  "/app/pages/",
  "/app/queue/(away|expired|held|queue|search|sweep|worker)",
  "/app/reconcile/(api-calls|foreign-pull|fork|merge-queue|moved|retarget|unanswered)",
  "/app/runner/containment",
  "/app/service/",
  "/app/store/(backlog|decisions|embedded|faults|migrations|readings|spending)",
  "/collect/(budget|changes)",
  "/collect/git/patch-id",
  "/collect/github/(archive|cache)",
  "/collect/group/",
  "/collect/ledger/ledger",
  "/collect/policy/fuzz",
  "/collect/pull/(attachments|pull|state)",
  "/core/analysis/(long-texts|test-reading)",
  "/core/ledger/verify-mutation",
  "/core/paths/patterns-oracle",
  "/core/record/(held-work|keys)",
  "/core/replay/noticed",
  "/core/story/rollback-property",
  "/core/verdict/properties",
  "/sandbox/changes/merge-queue",
  "/sandbox/endpoints/(forks|merges|pulls)",
  "/sandbox/git/git",
  "/sandbox/graphql/graphql",
  "/sandbox/request/roles",
  "/sandbox/seed/seed(?=\\.)",
  "/sandbox/server/(danger|surface|viewer)",
];

/** Jest runs our ESM TypeScript as it is: swc strips the types, nothing else is transformed. */
export default {
  testEnvironment: "node",
  roots: ["<rootDir>/test"],
  testRegex: ["\\.test\\.ts$"],
  testPathIgnorePatterns: slow,
  extensionsToTreatAsEsm: [".ts"],
  transform: {
    "^.+\\.ts$": ["@swc/jest", { jsc: { target: "es2024", parser: { syntax: "typescript" } } }],
  },
  testTimeout: 30_000,
  globalSetup: "<rootDir>/test/conformance/start.ts",
  testSequencer: "<rootDir>/test/sequence.cjs",
  // To start a program costs a process in proportion to its memory, and many tests start git.
  workerIdleMemoryLimit: "500MB",
  // One more than there are cores: half of the time is spent waiting for git and HTTP.
  maxWorkers: availableParallelism() + 1,
};
