/** One line of a benchmark: the measured thing, the figure for people, and the bound it is compared with. */
export type Row = { what: string; figure: string; bound: string; holds: boolean };

/** Prints the rows as a table and says whether all bounds hold. */
export function printTable(title: string, rows: readonly Row[]): boolean {
  const width = (pick: (row: Row) => string) => Math.max(...rows.map((row) => pick(row).length));
  const [what, figure, bound] = [width((row) => row.what), width((row) => row.figure), width((row) => row.bound)];
  console.log(`\n${title}`);
  for (const row of rows) {
    const cells = [row.what.padEnd(what), row.figure.padStart(figure), row.bound.padEnd(bound)];
    console.log(`  ${row.holds ? "✓" : "✗"} ${cells.join("  ")}`);
  }
  return rows.every(({ holds }) => holds);
}

/** A ratio with an upper bound. */
export function atMost(what: string, value: number, bound: number, unit = "×"): Row {
  return {
    what,
    figure: `${value.toFixed(2)} ${unit}`,
    bound: `at most ${bound} ${unit}`,
    holds: value <= bound,
  };
}

/** A ratio with a lower bound. */
export function atLeast(what: string, value: number, bound: number, unit = "×"): Row {
  return {
    what,
    figure: `${value.toFixed(2)} ${unit}`,
    bound: `at least ${bound} ${unit}`,
    holds: value >= bound,
  };
}
