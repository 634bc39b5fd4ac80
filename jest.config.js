import { availableParallelism } from "node:os";

/** Jest runs our ESM TypeScript as it is: swc strips the types, nothing else is transformed. */
export default {
  testEnvironment: "node",
  roots: ["<rootDir>/test"],
  testMatch: ["**/*.test.ts"],
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
