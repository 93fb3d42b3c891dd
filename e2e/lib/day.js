// Days as the demo account counts them: they begin later than those of UTC.

const DAY = 86_400_000;
const phoenix = new Intl.DateTimeFormat("en-CA", { timeZone: "America/Phoenix" });

/** So many days from today, as a date field takes it. */
export function day(days) {
  return phoenix.format(Date.now() + days * DAY);
}
