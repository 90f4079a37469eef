import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withExperiment } from './experiments.js';
import { DEPLOYMENTS, ask, intercept, json, useBrowser, visit, withRounds } from './support.js';

useBrowser();

for (const deployment of DEPLOYMENTS) {
  describe(`the status page of ${deployment.name}`, () => {
    it('shows which version is current, and what was asked how often', async (t) => {
      await ask(deployment, 'recommend', { favourites: ['anything'] });
      const page = await visit(t, deployment, { path: 'ui/status/' });
      const { model, items } = await ask(deployment, 'health');

      await page.getByRole('status').filter({ hasText: 'Running' }).waitFor();
      const versions = page.getByRole('region', { name: 'Model versions' });
      await versions.getByRole('row').filter({ hasText: model }).getByText('current').waitFor();
      const requests = page.getByRole('region', { name: /^Requests/ });
      // Each worker counts for itself: whichever tells, it was asked something.
      const row = requests.getByRole('row').nth(1);
      assert.match(await row.innerText(), /(\d+\s+){4}[\d.]+ m?s\s+[\d.]+ m?s/);
      await requests.getByRole('columnheader', { name: 'Unavailable (503)' }).waitFor();
      const count = new Intl.NumberFormat('en').format(items);
      await page.locator('.facts').getByText(count, { exact: true }).waitFor();
    });

    it('shows what the loop did last, and nothing where there is no loop', async (t) => {
      const without = await visit(t, deployment, { path: 'ui/status/' });
      await without.getByRole('region', { name: 'Model versions' }).waitFor();
      assert.equal(await without.getByText('Rounds of learning').count(), 0);

      const page = await visit(t, deployment, {
        path: 'ui/status/',
        viewport: { width: 360, height: 800 },
        prepare: (page) => withRounds(page),
      });
      const rounds = page.getByRole('region', { name: 'Rounds of learning' });
      await rounds.getByRole('cell', { name: 'it is worse on held-out people' }).waitFor();
      await rounds.getByRole('row').filter({ hasText: 'Failed in: collect' }).waitFor();
      await rounds.getByRole('row').filter({ hasText: '0.446' }).getByText('0.440').waitFor();
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= 360, `${width}`);
    });

    for (const [mode, seen, latest] of [
      ['split', 'the challenger', '+0.1 to +5.0 points'],
      ['interleave', 'a list of both', '+0.001 to +0.050'],
    ]) {
      it(`shows an experiment (${mode}): its shares, the difference over time, and those that ended`, async (t) => {
        const page = await visit(t, deployment, {
          path: 'ui/status/',
          viewport: { width: 360, height: 800 },
          prepare: (page) => withExperiment(page, mode),
        });
        const panel = page.getByRole('region', { name: 'Experiment on live visitors' });
        const share = panel.locator('.facts > div').filter({ hasText: `that see ${seen}` });
        await share.getByText('20 %', { exact: true }).waitFor();
        // The first look says nothing yet, and one at a time is drawn for each of the others.
        assert.equal(await panel.locator('.difference-point').count(), 23);
        assert.equal(await panel.locator('.difference-margin').count(), 1);
        await panel.locator('summary').press('Enter');
        const table = page.getByRole('region', { name: 'The challenger against the champion' });
        await table.getByRole('row').nth(1).getByRole('cell', { name: latest }).waitFor();
        assert.equal(await table.getByRole('row').count(), 25);
        const ended = page.getByRole('region', { name: 'Experiments that ended' });
        await ended.getByRole('row').filter({ hasText: 'withdrawn' }).getByText(/worse/).waitFor();
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(width <= 360, `${width}`);
      });
    }

    it('says why a worker does not take part in an experiment', async (t) => {
      const health = await ask(deployment, 'health');
      const reason = 'The challenger failed too often; the log says why.';
      const experiment = { id: '4f1c9a02', at: 'now', state: 'suspended', reason };
      const page = await visit(t, deployment, {
        path: 'ui/status/',
        prepare: async (page) => {
          await withExperiment(page);
          await intercept(page, /\/health$/, (route) =>
            json(route, 200, { ...health, experiment }),
          );
        },
      });
      await page.getByText(`This worker: suspended. ${reason}`).waitFor();
    });

    it('is reached from the page and leads back', async (t) => {
      const page = await visit(t, deployment);
      await page.getByRole('link', { name: 'Status', exact: true }).click();
      await page.getByRole('heading', { name: 'Status' }).waitFor();
      await page.getByRole('link', { name: 'Recommendations' }).click();
      await page.getByRole('combobox', { name: /^Find a/ }).waitFor();
    });

    it('says why no model answers, and which one was refused', async (t) => {
      const page = await visit(t, deployment, {
        path: 'ui/status/',
        prepare: (page) =>
          intercept(page, /\/health$/, (route) =>
            json(route, 503, {
              status: 'no model',
              model: null,
              statusCode: 503,
              code: 'no_model',
              message: 'Nothing answers.',
              reason: 'Nothing answers.',
              refused: { version: 'feed5eed', reason: 'its probes differ' },
            }),
          ),
      });
      await page.getByRole('status').filter({ hasText: 'No model' }).waitFor();
      await page.getByText('Nothing answers.').waitFor();
      await page.getByText('its probes differ').waitFor();
    });

    it('says that another model than the current one answers, and why', async (t) => {
      const health = await ask(deployment, 'health');
      const reason = `Model feed5eed was refused: weights: 3 bytes; ${health.model} answers.`;
      const page = await visit(t, deployment, {
        path: 'ui/status/',
        prepare: (page) =>
          intercept(page, /\/health$/, (route) =>
            json(route, 200, { ...health, status: 'degraded', reason }),
          ),
      });
      await page.getByRole('status').filter({ hasText: 'Degraded' }).waitFor();
      await page.getByText(reason).waitFor();
      assert.equal(await page.getByText('No model').count(), 0);
    });

    it('keeps its figures when the node goes away, and stops asking on demand', async (t) => {
      let asked = 0;
      let away = false;
      const page = await visit(t, deployment, {
        path: 'ui/status/',
        prepare: (page) =>
          intercept(page, /\/(stats|health)$/, (route) => {
            asked++;
            return away ? route.abort() : null;
          }),
      });
      await page.getByRole('heading', { name: 'Model versions' }).waitFor();
      away = true;
      await page.getByText('Not responding').waitFor();
      assert.ok(await page.getByRole('heading', { name: 'Model versions' }).isVisible());

      await page.getByRole('button', { name: 'Pause updates' }).click();
      const before = asked;
      await page.waitForTimeout(6000);
      assert.equal(asked, before);
      await page.getByRole('button', { name: 'Resume updates' }).waitFor();
    });
  });
}
