const { default: Sequencer } = require("@jest/test-sequencer");

/**
 * What starts many processes comes first, while a worker is small: to start one costs in proportion to its memory. Then what
 * takes longest, because what is long and begins last is waited for on one core.
 */
const first = [
  ...["/test/collect/", "/test/app/cli/"],
  ...["/test/journeys/", "/test/app/", "/test/action/", "/test/sandbox/"],
];

function rank({ path }) {
  const place = first.findIndex((folder) => path.includes(folder));
  return place === -1 ? first.length : place;
}

module.exports = class extends Sequencer {
  sort(tests) {
    return [...tests].sort((one, other) => rank(one) - rank(other) || (one.path < other.path ? -1 : 1));
  }
};
