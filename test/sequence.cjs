const { default: Sequencer } = require("@jest/test-sequencer");

/** Folders whose tests take longest, longest first: what is long and begins last is waited for on one core. */
const long = ["/test/journeys/", "/test/app/", "/test/action/", "/test/collect/", "/test/sandbox/"];

function rank({ path }) {
  const place = long.findIndex((folder) => path.includes(folder));
  return place === -1 ? long.length : place;
}

module.exports = class extends Sequencer {
  sort(tests) {
    return [...tests].sort((one, other) => rank(one) - rank(other) || (one.path < other.path ? -1 : 1));
  }
};
