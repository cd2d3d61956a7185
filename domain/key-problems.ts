/** What can be wrong with a line of a key file, in words. Words never hold anything of the line. */

export const keyProblems = {
  EMPTY_KEY: { zh: '卡密为空', en: 'The key is empty' },
  TOO_LONG: { zh: '卡密超过 4096 个字符', en: 'The key is longer than 4096 characters' },
  CONTROL: { zh: '含有不可见的控制字符', en: 'It holds control characters that cannot be seen' },
  GARBLED: {
    zh: '含有乱码字符（�），文件曾以错误编码保存',
    en: 'It holds �: the file was once saved in a wrong encoding',
  },
  COLUMNS: { zh: '列数不足，请检查分隔符', en: 'There are too few columns; check the separator' },
  UNKNOWN_SKU: { zh: '商品编码不存在', en: 'No product has this SKU' },
  NO_POOL: { zh: '该商品不使用卡密池', en: 'This product takes no keys from a pool' },
  BAD_DATE: { zh: '有效期无法识别，请写作 2027-12-31', en: 'The date is not clear; write 2027-12-31' },
  EXPIRED: { zh: '已过有效期', en: 'It has expired already' },
  NUMBER_LOST: {
    zh: '数字超过 15 位，表格已丢失末位；请把该列设为文本后重新填写',
    en: 'A number of more than 15 digits: the spreadsheet has lost the last ones. Format the column as text and enter it again', // prettier-ignore
  },
  DATE_CELL: { zh: '单元格是日期，请设为文本', en: 'The cell is a date; format it as text' },
  FORMULA: { zh: '单元格是公式，系统不会计算；请粘贴为数值', en: 'The cell is a formula, which is not computed; paste it as a value' }, // prettier-ignore
  CELL_ERROR: { zh: '单元格为错误值', en: 'The cell holds an error' },
  PARTS: { zh: '卡密的部分数与商品设置不符', en: 'The key has not as many parts as the product names' },
  NUMBER_PARTS: {
    zh: '自选卡号须有两部分：买家可见的卡号（不超过 64 个字符）与付款后才显示的内容',
    en: 'A number to choose has two parts: what buyers see (at most 64 characters), and what they see once it is paid',
  },
  NUMBER_TWICE: { zh: '文件中前面已有相同的卡号', en: 'The same number stands in this file before' },
  BAD_SURCHARGE: { zh: '加价金额无法识别，请写作 10.00', en: 'The surcharge is not clear; write 10.00' },
  IN_FILE: { zh: '文件内重复', en: 'It stands in this file before' },
  IN_STOCK: { zh: '库存中已有', en: 'It is in the pool already' },
  SOLD: { zh: '已售出过', en: 'It was sold before' },
  LATE: { zh: '导入期间已被其他导入加入', en: 'Another import brought it in the meantime' },
} as const satisfies Record<string, { zh: string; en: string }>;
export type KeyProblem = keyof typeof keyProblems;
/** [line, problem] */
export type LineProblem = readonly [number, KeyProblem];
