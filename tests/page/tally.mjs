// Counts the checks of a script, and ends it as the others end.

let passed = 0;
let failed = 0;

/** One check: it passes where its list of problems is empty. */
export function check(name, problems) {
  if (problems.length === 0) {
    passed += 1;
  } else {
    failed += 1;
    console.log(`FAILED ${name}\n  ${problems.slice(0, 10).join('\n  ')}`);
  }
}

/** The closing line and the exit code. */
export function close() {
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}
