// The figures of a hotel day: what was booked, paid and lost, two small charts, and lines by channel,
// room type and clerk; any day, and as CSV. It counts nothing itself: the server does.
import { BOOKINGS, DAY_SUMMARY } from './board-documents.js';
import { bookingRows, dayBeside, figureRows, hourBars, outcomeBars, tablesOf } from './board-figures.js';
import { csv } from './csv.js';
import { byId, closeByBackdrop, closeDialog, el, openDialog, setText, show } from './dom.js';
import { addDays, hotelTime, longDate, rupiah } from './format.js';
import { language, sentenceOf, t } from './language.js';

const svgNs = 'http://www.w3.org/2000/svg', page = 200, mostBookings = 5_000;

function draw(tag, properties, ...children) {
  const node = document.createElementNS(svgNs, tag);
  for (const [name, value] of Object.entries(properties)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** @param hotel () => the hotel */
export function mountReport({ api, hotel }) {
  const dialog = byId('report'), day = byId('report-day');
  let date = null, summary = null, asked = 0, problem = null, saving = false;

  function open() {
    openDialog(dialog);
    byId('report-close').focus();
    go(hotel().today);
  }

  async function go(wanted) {
    const mine = ++asked;
    [date, problem] = [wanted, null];
    if (summary?.date !== date) summary = null;
    update();
    try {
      const answer = (await api(DAY_SUMMARY, { date: wanted })).daySummary;
      if (mine === asked) summary = answer;
    } catch (error) {
      if (mine === asked) problem = sentenceOf(error);
    }
    if (mine === asked) update();
  }

  const nameOf = (kind, name) => (kind === 'channel' ? t(`channel.${name}`) : name);
  const number = (value, digits = 0) => value.toLocaleString(language() === 'en' ? 'en-GB' : 'id-ID', { maximumFractionDigits: digits });

  function update() {
    if (!date || !hotel()) return;
    const { today } = hotel(), yesterday = addDays(today, -1);
    day.value = date;
    day.max = today;
    setText(byId('report-title'), t('report.title', { date: longDate(date, language()) }));
    byId('report-next').disabled = date >= today;
    byId('report-today').setAttribute('aria-pressed', String(date === today));
    byId('report-yesterday').setAttribute('aria-pressed', String(date === yesterday));
    show(byId('report-loading'), !summary && !problem);
    setText(byId('report-problem'), problem ?? '');
    show(byId('report-problem'), Boolean(problem));
    show(byId('report-figures'), Boolean(summary));
    for (const button of ['report-csv', 'report-list']) byId(button).disabled = !summary || saving;
    if (summary) drawFigures();
  }

  function drawFigures() {
    const { booked, paid, paidRupiah, expired, cancelled, atDesk, extended, extendedAndCame, blockedMinutes, deskWaitMinutes, undelivered, lateness } = summary;
    const tiles = [
      ['booked', number(booked)], ['paid', number(paid), rupiah(paidRupiah)], ['expired', number(expired)], ['cancelled', number(cancelled)],
      ['atDesk', number(atDesk)], ['extended', number(extended), extended ? t('figures.came', { n: extendedAndCame }) : null],
      ['blockedMinutes', number(blockedMinutes)], ['deskWaitMinutes', number(deskWaitMinutes, 1)], ['undelivered', number(undelivered)],
    ];
    byId('report-tiles').replaceChildren(...tiles.map(([key, value, more]) =>
      el('div', { 'data-figure': key }, el('dt', {}, t(`figures.${key}`)), el('dd', {}, el('strong', {}, value), more ? el('small', {}, ` ${more}`) : null))));
    const { deadlines: n, medianMs, p99Ms, worstMs } = lateness;
    setText(byId('report-lateness'), n ? t('figures.lateness', { n, median: number(medianMs), p99: number(p99Ms), worst: number(worstMs) }) : '');
    drawHours();
    drawOutcomes();
    byId('report-tables').replaceChildren(...tablesOf(summary).map(tableNode));
  }

  function drawHours() {
    const bars = hourBars(summary.byHour, hotel().dayStartsAt), height = 90, step = 14;
    const nodes = bars.flatMap(({ hour, n, share }, index) => [
      draw('rect', { x: index * step + 1, y: (height - share * height).toFixed(1), width: step - 3, height: (share * height).toFixed(1), rx: 2 }),
      ...(n ? [words({ x: index * step + step / 2 - 0.5, y: (height - share * height - 3).toFixed(1) }, String(n))] : []),
      ...(index % 3 === 0 ? [words({ x: index * step + step / 2 - 0.5, y: height + 13 }, String(hour).padStart(2, '0'))] : []),
    ]);
    const most = bars.reduce((best, bar) => (bar.n > best.n ? bar : best));
    byId('report-hours').replaceChildren(draw('svg', {
      viewBox: `0 -14 ${bars.length * step} ${height + 30}`, role: 'img',
      'aria-label': most.n ? t('figures.hours.label', { n: most.n, time: hotelTime(`${String(most.hour).padStart(2, '0')}:00`, language()) }) : t('figures.hours.none'),
    }, draw('line', { x1: 0, x2: bars.length * step, y1: height, y2: height }), ...nodes));
  }

  const words = (place, text) => { const node = draw('text', { 'text-anchor': 'middle', ...place }); node.textContent = text; return node; };

  /** Words and numbers are text; the bar is only a picture of them. */
  function drawOutcomes() {
    byId('report-outcomes').replaceChildren(...outcomeBars(summary).map(({ name, n, share }) =>
      el('li', { 'data-outcome': name }, el('span', {}, t(`figures.${name}`)),
        draw('svg', { viewBox: '0 0 100 10', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, draw('rect', { width: (share * 100).toFixed(1), height: 10 })), el('strong', {}, number(n)))));
  }

  function tableNode({ kind, lines }) {
    const heads = ['booked', 'paid', 'paidRupiah', 'expired', 'cancelled'];
    return el('div', { class: 'wide-table', tabindex: '0', role: 'region', 'aria-label': t(`figures.by.${kind}`) }, el('table', {},
      el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, t(`figures.by.${kind}`)), ...heads.map((key) => el('th', { scope: 'col' }, t(`figures.${key}.short`))))),
      el('tbody', {}, ...lines.map((line) => el('tr', {}, el('th', { scope: 'row' }, nameOf(kind, line.name)),
        ...heads.map((key) => el('td', {}, key === 'paidRupiah' ? rupiah(line[key]) : number(line[key]))))))));
  }

  // ---- files ----

  function save(name, rows) {
    const link = el('a', { href: URL.createObjectURL(new Blob([csv(rows)], { type: 'text/csv' })), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  async function saveList() {
    const mine = date, found = [];
    [saving, problem] = [true, null];
    update();
    try {
      let after = null;
      do {
        const { bookings } = await api(BOOKINGS, { filter: { hotelDay: mine }, first: page, after });
        found.push(...bookings.nodes);
        after = bookings.pageInfo.hasNextPage && found.length < mostBookings ? bookings.pageInfo.endCursor : null;
      } while (after);
      save(`booking-${mine}.csv`, bookingRows(found));
    } catch (error) {
      problem = sentenceOf(error);
    }
    saving = false;
    update();
  }

  byId('report-open').addEventListener('click', open);
  byId('report-close').addEventListener('click', () => closeDialog(dialog));
  byId('report-today').addEventListener('click', () => go(hotel().today));
  byId('report-yesterday').addEventListener('click', () => go(addDays(hotel().today, -1)));
  byId('report-before').addEventListener('click', () => go(dayBeside(date, -1, hotel().today)));
  byId('report-next').addEventListener('click', () => go(dayBeside(date, 1, hotel().today)));
  day.addEventListener('change', () => { if (day.value) go(day.value); });
  byId('report-csv').addEventListener('click', () => save(`jatah-${date}.csv`, figureRows(summary, t, nameOf)));
  byId('report-list').addEventListener('click', saveList);
  dialog.addEventListener('close', () => { date = summary = null; });
  closeByBackdrop(dialog);
  return { update, close: () => closeDialog(dialog) };
}
