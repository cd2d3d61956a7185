/** D4: the preview of a spreadsheet of 100,000 rows, from the last byte of its upload: as Excel writes it, and as we do. */
import { randomBytes } from 'node:crypto';
import { writeXlsx, zip } from '../integrations/sheets/xlsx-out.ts';
import type { Bench, Measurement } from './bench.ts';
import { goodsOf } from './goods.ts';
import { startBenchStack } from './stack.ts';

const rounds = 5;

/** Rows of 卡密, 密码; each text once in the shared strings, as Excel keeps them. */
function asExcel(keys: readonly string[]): Buffer {
  const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
  const strings = ['卡密', '密码', ...keys, ...keys.map((key) => `P${key}`)];
  const cell = (at: string, n: number): string => `<c r="${at}" t="s"><v>${n}</v></c>`;
  const rows = keys.map((_, i) => `<row r="${i + 2}" spans="1:2">${cell(`A${i + 2}`, i + 2)}${cell(`B${i + 2}`, i + 2 + keys.length)}</row>`); // prettier-ignore
  return zip({
    'xl/workbook.xml': `<workbook xmlns="${main}"><sheets><sheet name="1" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels':
      '<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>',
    'xl/sharedStrings.xml': `<sst xmlns="${main}">${strings.map((t) => `<si><t>${t}</t></si>`).join('')}</sst>`,
    'xl/worksheets/sheet1.xml': `<worksheet xmlns="${main}"><sheetData><row r="1">${cell('A1', 0)}${cell('B1', 1)}</row>${rows.join('')}</sheetData></worksheet>`,
  });
}

export const goodsSheet: Bench = {
  name: 'goods-sheet',
  what: 'D4: the preview of an .xlsx of 100,000 rows and two columns, after its upload',
  async run({ size, say }): Promise<Measurement[]> {
    const lines = Math.round(100_000 * size);
    const bench = await startBenchStack(say);
    try {
      const goods = goodsOf(bench);
      const productId = await goods.product('BENCH-SHEET');
      const keys = (): string[] => {
        const salt = randomBytes(4).toString('hex');
        return Array.from({ length: lines }, (_, i) => `${salt}-${String(i).padStart(6, '0')}-ABCD`);
      };
      const previews = async (make: () => Buffer): Promise<number[]> => {
        const samples: number[] = [];
        for (let round = 0; round < rounds; round++) {
          const { check } = await goods.bring(productId, 'keys.xlsx', make(), false);
          say(`  preview after ${Math.round(check)} ms`);
          samples.push(check);
        }
        return samples;
      };
      const excel = await previews(() => asExcel(keys()));
      const inline = await previews(() => writeXlsx({ name: '1', rows: [['卡密', '密码'], ...keys().map((key) => [key, `P${key}`])] })); // prettier-ignore
      const unit = 'ms' as const;
      return [
        { name: 'preview, shared strings', unit, samples: excel, aim: 'p50 ≤ 2000', note: `${lines} rows, as Excel and LibreOffice write them` }, // prettier-ignore
        { name: 'preview, inline strings', unit, samples: inline, aim: 'p50 ≤ 2000', note: `${lines} rows, as programs write them` }, // prettier-ignore
      ];
    } finally {
      await bench.stop();
    }
  },
};
