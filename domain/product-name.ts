/**
 * Standard names (D3): 类型-品牌-面额-有效期, the brand may be missing: 游戏点卡-腾讯QQ-100元-365天. Parsed from the end, because
 * brands hold dashes of their own. A name that is not standard is allowed; the problems say what to change.
 */
import type { FieldProblem } from './product.ts';

export interface NameParts {
  readonly type: string;
  readonly brand: string | null;
  readonly face: string;
  readonly validity: string;
}

export interface NameCheck {
  /** Undefined if the name is not standard. */
  readonly parts: NameParts | undefined;
  readonly problems: readonly FieldProblem[];
  /** A standard name made of what was recognised. */
  readonly suggestion: string | undefined;
}

const facePattern =
  /^(?:\d+(?:\.\d{1,2})?)(?:元|角|美元|欧元|港币|日元|点|点券|钻石|金币|Q币|币|积分|GB|G|MB|M|TB|次|个|条|份|张|级|USD|CNY|USDT)$/u;
const validityPattern = /^(?:\d{1,4}(?:天|日|周|个月|月|年|小时|分钟)|永久|长期有效|长期|不限期|无限期)$/u;
const faceAnywhere = /\d+(?:\.\d{1,2})?(?:元|美元|欧元|港币|日元|点券|点|钻石|金币|Q币|GB|MB|TB|USDT|USD|CNY)/u;
const validityAnywhere =
  /(?:\d{1,4}|[一二三四五六七八九十两半]{1,3})(?:天|日|周|个月|月|年|小时)|永久|长期有效|不限期/u;
/** Types that a name is searched for, the longer ones first. */
export const knownTypes = ['游戏点卡', '话费充值', '流量充值', '视频会员', '音乐会员', '软件授权', '礼品卡', '购物卡', '加油卡', '账号', '激活码', '兑换码', '会员', '点卡', '话费', '流量'] as const; // prettier-ignore
const typeOf: Readonly<Record<string, string>> = {
  点卡: '游戏点卡',
  话费: '话费充值',
  流量: '流量充值',
  会员: '视频会员',
};
const chineseDigits = '零一二三四五六七八九';

/** Full-width letters, digits and signs as half-width ones, every dash as `-`, no spaces around dashes. */
export function normalizeName(name: string): string {
  return name
    .normalize('NFKC')
    .replace(/[‐‑‒–—―−]/gu, '-')
    .replace(/\s*-\s*/gu, '-')
    .replace(/\s+/gu, ' ')
    .trim();
}

/** Parts, problems and a suggestion. */
export function checkName(name: string): NameCheck {
  const clean = normalizeName(name);
  const pieces = clean.split('-').map((piece) => piece.trim());
  const problems: FieldProblem[] = [];
  const say = (field: string, zh: string, en: string): void => void problems.push({ field, zh, en });
  if (clean !== name) {
    say('name', '名称含全角字符、多余空格或其他连接号', 'The name holds full-width characters, spaces or other dashes');
  }
  if (pieces.length < 3) {
    say('name', '应为 类型-面额-有效期，例如 游戏点卡-腾讯QQ-100元-365天', 'It should be type-face-validity, such as 游戏点卡-腾讯QQ-100元-365天'); // prettier-ignore
    return { parts: undefined, problems, suggestion: suggest(clean) };
  }
  const [type = ''] = pieces;
  const validity = pieces.at(-1) ?? '';
  const face = pieces.at(-2) ?? '';
  const brand = pieces.slice(1, -2).join('-');
  if (type === '' || /\d/.test(type)) say('type', '第一段应为类型，例如 游戏点卡', 'The first part should be a type, such as 游戏点卡'); // prettier-ignore
  if (pieces.slice(1, -2).some((piece) => piece === '')) say('brand', '品牌为空：有多余的连接号', 'The brand is empty: there is a dash too many'); // prettier-ignore
  if (!facePattern.test(face)) say('face', '面额应为数字加单位，例如 100元', 'The face should be a number and a unit, such as 100元'); // prettier-ignore
  if (!validityPattern.test(validity)) say('validity', '有效期应为 365天、12个月、1年 或 永久', 'The validity should be 365天, 12个月, 1年 or 永久'); // prettier-ignore
  const wrong = problems.some((problem) => problem.field !== 'name');
  if (wrong) return { parts: undefined, problems, suggestion: suggest(clean) };
  return {
    parts: { type, brand: brand === '' ? null : brand, face, validity },
    problems,
    suggestion: problems.length > 0 ? clean : undefined,
  };
}

/** A standard name of what can be recognised in any order, or undefined. */
function suggest(clean: string): string | undefined {
  const found = validityAnywhere.exec(clean);
  const face = faceAnywhere.exec(clean)?.[0];
  const type = knownTypes.find((t) => clean.includes(t));
  if (face === undefined || type === undefined) return undefined;
  let rest = clean.replace(face, ' ').replace(type, ' ');
  if (found) rest = rest.replace(found[0], ' ');
  const brand = rest
    .replace(/[-\s()[\]【】（）·,，、/]+/gu, ' ')
    .trim()
    .replaceAll(' ', '');
  const validity = found ? arabic(found[0]) : '永久';
  return [typeOf[type] ?? type, ...(brand === '' ? [] : [brand]), face, validity].join('-');
}

/** 一年 → 1年, 十二个月 → 12个月, 半年 → 6个月. */
function arabic(text: string): string {
  if (text === '半年') return '6个月';
  const match = /^([一二三四五六七八九十两]{1,3})(.+)$/u.exec(text);
  if (!match) return text;
  const [, number = '', unit = ''] = match;
  const digit = (c: string): number => (c === '两' ? 2 : Math.max(0, chineseDigits.indexOf(c)));
  const [tens, ones] = number.includes('十') ? number.split('十') : ['', number];
  const value = number.includes('十') ? (tens ? digit(tens) : 1) * 10 + (ones ? digit(ones) : 0) : digit(ones ?? '');
  return `${value}${unit}`;
}
