import assert from 'node:assert/strict';
import test from 'node:test';
import { besideDot, countForecasts, fade, labelPlaces, scaleBoxes, marks, middle, onTheWay, place, radiusOf, reach, rim, rings, shortName } from '../../web/js/radar-shape.js';

const near = (found, expected) => assert.ok(Math.abs(found - expected) < 0.01, `${found} is not ${expected}`);

test('the outer ring is a round number that includes the radius and every guest', () => {
  assert.equal(rim([], 10), 15);
  assert.equal(rim([3, 42.1], 10), 50);
  assert.equal(rim([15_000], 10), 20_100);
  assert.deepEqual(rings(30), [5, 10, 20, 30]);
  assert.deepEqual(rings(1), [0.5, 1]);
});

test('north is up and east is right', () => {
  for (const [bearing, x, y] of [[0, 0, -reach], [90, reach, 0], [180, 0, reach], [270, -reach, 0]]) {
    const at = place({ distanceKm: 20, bearing }, 20);
    near(at.x, middle + x);
    near(at.y, middle + y);
  }
  near(place({ distanceKm: 0, bearing: 123 }, 20).x, middle);
});

test('a larger distance is farther out, and nobody is outside the outer ring', () => {
  near(radiusOf(5, 20), reach / 2);
  near(radiusOf(20, 20), reach);
  near(radiusOf(21, 20), reach);
  assert.ok(radiusOf(1, 20) < radiusOf(2, 20));
});

test('older parts of a trail are fainter', () => {
  const shown = [0, 1, 2, 3].map((index) => fade(index, 4));
  assert.deepEqual([...shown].sort((a, b) => a - b), shown);
  assert.equal(fade(0, 1), 1);
});

const guest = (more) => ({ receiptNo: 'RESI-20260104-001', status: 'PENDING', arrivedAt: null, holdUntil: '2026-01-04T12:00:00Z', forecast: 'IN_TIME', travel: { trail: [{}] }, ...more });

test('guests on the way are pending, share a position and have not arrived', () => {
  const all = [guest({}), guest({ status: 'PAID' }), guest({ arrivedAt: 'now' }), guest({ travel: null }), guest({ travel: { trail: [] } })];
  assert.deepEqual(onTheWay(all), [all[0]]);
  const sooner = guest({ receiptNo: 'RESI-20260104-002', holdUntil: '2026-01-04T11:00:00Z' });
  assert.deepEqual(onTheWay([all[0], sooner]), [sooner, all[0]]);
});

test('forecasts are counted over all who are not there yet', () => {
  const all = [guest({}), guest({ forecast: 'NO_POSITION', travel: null }), guest({ arrivedAt: 'now' }), guest({ status: 'CANCELLED', forecast: null })];
  assert.deepEqual(countForecasts(all), { IN_TIME: 1, WILL_EXTEND: 0, WILL_CANCEL: 0, NO_POSITION: 1 });
});

test('every forecast has a shape of its own', () => assert.equal(new Set(Object.values(marks)).size, 4));

test('names are short beside a dot', () => {
  assert.equal(shortName('Dewi Lestari'), 'Dewi');
  assert.equal(shortName('  Bambangsoesatyono '), 'Bambangsoes…');
});

test('labels of dots at the same place do not overlap', () => {
  const places = labelPlaces([{ x: 100, y: 100 }, { x: 102, y: 101 }, { x: 101, y: 99 }]);
  for (const [index, a] of places.entries()) for (const b of places.slice(index + 1)) {
    assert.ok(a.anchor !== b.anchor || Math.abs(a.y - b.y) >= 30, JSON.stringify(places));
  }
  assert.equal(labelPlaces([{ x: 350, y: 100 }])[0].anchor, 'end');
});

test('a label stays beside its dot where the other side is free', () => {
  const [, left] = labelPlaces([{ x: 300, y: 200 }, { x: 190, y: 204 }, { x: 215, y: 200 }]);
  assert.deepEqual([left.anchor, left.y], ['end', 208]);
});

test('no label leaves the picture', () => {
  const [, tono] = labelPlaces([{ x: 70, y: 204 }, { x: 40, y: 200 }]);
  assert.equal(tono.anchor, 'start');
});

test('a label without a free place is not shown, and alone it stands towards the middle', () => {
  const crowd = Array.from({ length: 40 }, (_, index) => ({ x: 150 + (index % 8) * 12, y: 150 + Math.floor(index / 8) * 12 }));
  const fits = labelPlaces(crowd).map((place_) => place_.fits);
  assert.ok(fits.includes(true) && fits.includes(false));
  assert.equal(besideDot({ x: 300, y: 10 }).anchor, 'end');
});

test('a label covers neither the hotel nor the distances, if another place is free', () => {
  const boxes = scaleBoxes(30, 10), inside = ({ x, y, anchor }) => ({ left: anchor === 'end' ? x - 104 : x, right: anchor === 'end' ? x : x + 104, top: y - 13, bottom: y + 17 });
  const dots = [{ x: 225, y: 200 }, { x: 205, y: 120 }, { x: 190, y: 360 }];
  for (const label of labelPlaces(dots, boxes).filter(({ fits }) => fits)) {
    const box = inside(label);
    for (const other of boxes) assert.ok(box.right <= other.left || other.right <= box.left || box.bottom <= other.top || other.bottom <= box.top);
  }
});
