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
  // To start a program costs a process in proportion to its memory, and many tests start git.
  workerIdleMemoryLimit: "400MB",
  // Every core: most of the time is spent waiting for git and HTTP.
  maxWorkers: "100%",
};
