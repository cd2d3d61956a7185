import assert from 'node:assert/strict';
import { checkName } from '../../domain/product-name.ts';
import { checkProduct, diffProduct, type ProductFields } from '../../domain/product.ts';

describe('standard names', () => {
  it('D3: 类型-品牌-面额-有效期 is parsed into its parts', () => {
    assert.deepEqual(checkName('游戏点卡-腾讯QQ-100元-365天'), {
      parts: { type: '游戏点卡', brand: '腾讯QQ', face: '100元', validity: '365天' },
      problems: [],
      suggestion: undefined,
    });
  });
  it('D3: the brand may be missing, and may hold dashes', () => {
    assert.equal(checkName('话费充值-50元-永久').parts?.brand, null);
    assert.equal(checkName('激活码-Win-11-Pro-1个-1年').parts?.brand, 'Win-11-Pro');
  });
  for (const [name, field] of [
    ['游戏点卡-腾讯QQ-一百-365天', 'face'],
    ['游戏点卡-腾讯QQ-100元-很久', 'validity'],
    ['游戏点卡--100元-365天', 'brand'],
    ['腾讯QQ点卡', 'name'],
    ['100元-点卡-365天', 'type'],
  ] as const) {
    it(`D3: ${name} is not standard, and the wrong part is named: ${field}`, () => {
      const { parts, problems } = checkName(name);
      assert.equal(parts, undefined);
      assert.ok(problems.some((p) => p.field === field && p.zh !== '' && p.en !== ''));
    });
  }
  for (const [name, wanted] of [
    ['腾讯QQ 100元点卡 一年', '游戏点卡-腾讯QQ-100元-1年'],
    ['爱奇艺视频会员30元十二个月', undefined],
    ['爱奇艺视频会员（30元）12个月', '视频会员-爱奇艺-30元-12个月'],
    ['礼品卡 京东 500元', '礼品卡-京东-500元-永久'],
    ['游戏点卡－腾讯QQ－１００元－３６５天', '游戏点卡-腾讯QQ-100元-365天'],
  ] as const) {
    it(`D3: ${name} is offered as ${wanted ?? 'something standard'}`, () => {
      const { suggestion } = checkName(name);
      if (wanted !== undefined) assert.equal(suggestion, wanted);
      assert.ok(suggestion !== undefined && checkName(suggestion).parts, suggestion);
    });
  }
});

const product: ProductFields = {
  sku: 'A',
  name: 'A',
  kind: 'card',
  state: 'on_sale',
  priceMinor: 100,
  currency: 'CNY',
  minQuantity: 1,
  maxQuantity: 10,
  buyerLimit: null,
  stockLimit: null,
  warnBelow: null,
  holdMinutes: null,
  promiseSeconds: null,
  cardUse: 'single',
  partLabels: [],
  templateId: null,
  texts: {},
  tags: [],
  note: '',
  policy: {},
};

describe('fields of a product', () => {
  it('D2: fields that contradict each other are named', () => {
    const fields = (change: Partial<ProductFields>): string[] =>
      checkProduct({ ...product, ...change }).map((p) => p.field);
    assert.deepEqual(fields({}), []);
    assert.deepEqual(fields({ minQuantity: 11 }), ['maxQuantity']);
    assert.deepEqual(fields({ kind: 'link', cardUse: 'loop', holdMinutes: 5, maxQuantity: 1 }), ['cardUse', 'holdMinutes', 'holdMinutes']); // prettier-ignore
    assert.deepEqual(fields({ cardUse: 'chosen' }), ['maxQuantity']);
    assert.deepEqual(fields({ cardUse: 'loop' }), ['maxQuantity']);
    assert.deepEqual(fields({ partLabels: ['账号'] }), ['partLabels']);
    assert.deepEqual(fields({ minQuantity: 3, buyerLimit: 2 }), ['buyerLimit']);
  });
  it('E6: the difference of an edit names each changed field, and no other', () => {
    assert.deepEqual(diffProduct(product, { ...product, priceMinor: 200, policy: {} }), { priceMinor: { from: 100, to: 200 } }); // prettier-ignore
    const a = { ...product, texts: { en: { page: 'x', sms: 'y' } } };
    assert.deepEqual(diffProduct(a, { ...product, texts: { en: { sms: 'y', page: 'x' } } }), {});
  });
});
