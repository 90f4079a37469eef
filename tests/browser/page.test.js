import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  DEPLOYMENTS,
  answered,
  ask,
  otherModel,
  pathWith,
  popular,
  useBrowser,
  visit,
} from './support.js';

useBrowser();

const TOUCH = 24; // px, WCAG 2.2, 2.5.8

for (const deployment of DEPLOYMENTS) {
  describe(`the page of ${deployment.name}`, () => {
    it('says which model answers and what it was learned from', async (t) => {
      const page = await visit(t, deployment);
      const { version, data, labels } = await ask(deployment, 'model');
      const foot = page.getByRole('contentinfo');
      await foot.getByText(version).waitFor();
      await foot.getByText(data.name).waitFor();
      const marks = await page.getByText('Demonstration data', { exact: true }).count();
      assert.equal(marks, data.synthetic ? 2 : 0);
      if (data.synthetic) await foot.getByText(`the ${labels.people} are invented`).waitFor();
    });

    it('shows the report beside the usual methods, with intervals', async (t) => {
      const page = await visit(t, deployment);
      const { metrics, strategies } = await ask(deployment, 'model');
      const table = page.getByRole('table', { name: /^NDCG@20/ });
      await table.waitFor();
      const rows = await table.getByRole('row').allInnerTexts();
      assert.equal(rows.length, metrics.rows.length + 1);
      for (const row of metrics.rows) {
        const title = strategies.find(({ name }) => name === row.method)?.title ?? row.method;
        const shown = rows.find((text) => text.trimStart().startsWith(title));
        const figure = row['ndcg@20'].toFixed(3).replace(/^0/, '');
        assert.ok(shown?.includes(figure), `${title} ${figure}`);
        assert.ok(shown.includes(row['ndcg@20_low'].toFixed(3).replace(/^0/, '')));
      }
      const bars = await table
        .locator('.chart-fill')
        .evaluateAll((all) => all.map((bar) => bar.getBoundingClientRect().width));
      assert.deepEqual(
        bars,
        [...bars].sort((a, b) => b - a),
      );
      assert.ok(bars[0] > 100);
    });

    for (const [low, high, said] of [
      [-0.0195, 0.0104, /no measurable difference between the default method and the best/],
      [0.019, 0.042, /The lead is \.019 to \.042/],
      [-0.042, -0.019, /which is \.019 to \.042 less/],
      [undefined, undefined, /The default method scores \.\d{3}\.$/],
    ]) {
      it(`says what a paired interval of ${low} to ${high} means`, async (t) => {
        const page = await visit(t, deployment, {
          prepare: (page) =>
            otherModel(page, (model) => {
              const rows = model.metrics.rows.map((row) => ({
                ...row,
                'ndcg@20_minus': low === undefined ? undefined : { mean: 0, low, high },
              }));
              return { ...model, metrics: { ...model.metrics, rows } };
            }),
        });
        const words = page.locator('.quality-words p').first();
        await words.waitFor();
        const text = (await words.innerText()).trim();
        assert.match(text, said);
        if (low < 0 && high > 0) assert.doesNotMatch(text, /\.\d{3}/);
        await page.getByText('More figures').click();
        const cells = page.getByRole('cell', { name: 'no measurable difference' });
        const table = page.locator('.more table').first();
        await table.waitFor();
        const same = await table.locator(cells).count();
        const { metrics } = await ask(deployment, 'model');
        assert.equal(same, low < 0 && high > 0 ? metrics.rows.length - 1 : 0);
      });
    }

    for (const [measured, said] of [
      ['2026-03-01', 'Measured on 1 March 2026.'],
      ['2026-03-01T20:15:00Z', 'Measured on 1 March 2026.'],
      [undefined, ''],
    ]) {
      it(`says ${said || 'nothing'} of a report of ${measured ?? 'no day'}`, async (t) => {
        const page = await visit(t, deployment, {
          timezoneId: 'America/Los_Angeles',
          prepare: (page) =>
            otherModel(page, (model) => ({ ...model, metrics: { ...model.metrics, measured } })),
        });
        await page.getByText('More figures').click();
        const words = page.getByText('NDCG@20 is 1 if');
        await words.waitFor();
        assert.equal(/Measured .*/.exec(await words.innerText())?.[0] ?? '', said);
      });
    }

    it('tells how much the number of favourites matters', async (t) => {
      const { metrics, default_strategy: usual } = await ask(deployment, 'model');
      if (!metrics.by_favourites?.length) return t.skip('the report does not say');
      const page = await visit(t, deployment);
      await page.getByText('More figures').click();
      const table = page.getByRole('table', { name: /by number of favourites/ });
      const ours = metrics.by_favourites.filter(({ method }) => method === usual);
      const rows = table.getByRole('row');
      await rows.nth(ours.length).waitFor();
      for (const { favourites, 'ndcg@20': value } of ours) {
        const row = rows.filter({
          has: page.getByRole('rowheader', { name: `${favourites}`, exact: true }),
        });
        assert.match(await row.innerText(), new RegExp(value.toFixed(3).replace(/^0/, '\\')));
      }
    });

    it('sends a policy that forbids everything from elsewhere', async (t) => {
      const page = await visit(t, deployment);
      const policy = await page
        .locator('meta[http-equiv="Content-Security-Policy"]')
        .getAttribute('content');
      assert.match(policy, /default-src 'none'/);
      assert.doesNotMatch(policy, /unsafe|https?:|\*/);
    });

    it('does not move for those who asked for less motion', async (t) => {
      const path = await pathWith(deployment, await popular(deployment, 3));
      for (const [reducedMotion, moving] of [
        ['reduce', false],
        ['no-preference', true],
      ]) {
        const page = await visit(t, deployment, { path, reducedMotion });
        await answered(page);
        const duration = await page
          .locator('.rows .cover')
          .first()
          .evaluate((rows) => getComputedStyle(rows).transitionDuration);
        assert.equal(duration !== '0s', moving, reducedMotion);
      }
    });

    it('has targets that a thumb can hit', async (t) => {
      const path = await pathWith(deployment, await popular(deployment, 3));
      const page = await visit(t, deployment, { path, viewport: { width: 320, height: 700 } });
      await answered(page);
      const small = await page.locator('button:visible, input:visible, select:visible').evaluateAll(
        (all, least) =>
          all
            .map((one) => ({ name: one.outerHTML.slice(0, 90), box: one.getBoundingClientRect() }))
            .filter(({ box }) => box.width < least || box.height < least)
            .map(({ name }) => name),
        TOUCH,
      );
      assert.deepEqual(small, []);
    });

    // Zooming in is the same as a narrower page: 1280 px at 400 % are 320.
    it('needs no scrolling sideways at any width or zoom', async (t) => {
      const path = await pathWith(deployment, await popular(deployment, 3));
      const page = await visit(t, deployment, { path });
      await answered(page);
      for (const width of [320, 400, 480, 640, 800, 960, 1024, 1440, 1920, 2560]) {
        await page.setViewportSize({ width, height: 800 });
        const tooWide = await page.evaluate(() => {
          const { documentElement: root } = document;
          return root.scrollWidth - root.clientWidth;
        });
        assert.ok(tooWide <= 0, `${tooWide} px too wide at ${width} px`);
      }
    });
  });
}
