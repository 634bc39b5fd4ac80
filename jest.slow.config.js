import config, { slow } from "./jest.config.js";

/** The same, for the tests that take long. */
export default {
  ...config,
  testRegex: slow.map((path) => `${path}.*\\.test\\.ts$`),
  testPathIgnorePatterns: [],
};
