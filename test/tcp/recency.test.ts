/** The list that moves an entry once in a while tells the same as one that moves it each time. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Recency, type Recent } from '../../src/tcp/recency.ts';

interface Item extends Recent<Item> {
  readonly name: number;
}

test('the first one and their order are those of the last touches', () => {
  const action = fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({ act: fc.constant('touch' as const), which: fc.nat(), times: fc.nat(700) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ act: fc.constant('push' as const), which: fc.nat(), times: fc.nat(3) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ act: fc.constant('remove' as const), which: fc.nat(), times: fc.nat(3) }),
    },
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const list = new Recency<Item>();
      /** Silent longest first. */
      const model: Item[] = [];
      let now = 0;
      let made = 0;
      for (const { act, which, times } of actions) {
        for (let i = 0; i <= times; i++) {
          if (act === 'push') {
            const item: Item = { name: ++made, older: null, newer: null, touched: ++now, listed: 0 };
            list.push(item);
            model.push(item);
            continue;
          }
          const item = model[(which + 7 * i) % Math.max(1, model.length)];
          if (item === undefined) break;
          model.splice(model.indexOf(item), 1);
          if (act === 'remove') {
            list.remove(item);
            expect([item.older, item.newer]).toEqual([null, null]);
          } else {
            item.touched = ++now;
            list.keep(item);
            model.push(item);
          }
        }
        expect(list.first()?.name).toBe(model[0]?.name);
        expect(list.all().map(({ name }) => name)).toEqual(model.map(({ name }) => name));
        for (const item of model) expect(list.isAlone(item)).toBe(model.length === 1);
      }
    }),
    { numRuns: 150 },
  );
});

test('an entry that is touched again and again comes to its place, so that few are looked at to find the first', () => {
  const list = new Recency<Item>();
  const items = Array.from({ length: 50 }, (_, i): Item => {
    const item: Item = { name: i, older: null, newer: null, touched: i, listed: 0 };
    list.push(item);
    return item;
  });
  for (let now = 50; now < 20_000; now++) {
    const item = items[now % 49]!;
    item.touched = now;
    list.keep(item);
  }
  expect(list.first()?.name).toBe(49);
  for (const { touched, listed, name } of items)
    if (name !== 49) expect(touched - listed).toBeLessThan(2_000);
});
