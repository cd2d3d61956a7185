/**
 * Cells of a CSV that people open in a spreadsheet (ASVS V1.2.10): what a spreadsheet would run as a formula is made text
 * by a quote before it, long digits likewise would lose their last ones.
 */
const startsFormula = /^[=+\-@\t\r\n\0＝＋－＠]/u;

export function csvCell(text: string): string {
  const safe = startsFormula.test(text) || /^\d{12,}$/.test(text) ? `'${text}` : text;
  return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csvLine(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}
