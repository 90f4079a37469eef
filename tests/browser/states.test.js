import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  DEPLOYMENTS,
  answered,
  intercept,
  json,
  on,
  otherModel,
  pathWith,
  popular,
  useBrowser,
  visit,
} from './support.js';

useBrowser();

const model = /-recommender\/model$/;
const asks = /\/recommend$/;
const searches = /\/(songs|books)\?q=..+/;
const noModel = { statusCode: 503, code: 'no_model', message: 'No model has been deployed yet.' };

for (const deployment of DEPLOYMENTS) {
  describe(`the states of ${deployment.name}`, () => {
    it('says that no model is there, and starts by itself when one is', async (t) => {
      let there = false;
      const path = await pathWith(deployment, await popular(deployment, 2));
      const page = await visit(t, deployment, {
        path,
        prepare: (page) =>
          intercept(page, model, (route) => (there ? null : json(route, 503, noModel))),
      });
      await page.getByRole('heading', { name: 'No model yet' }).waitFor();
      await page.getByText(noModel.message).waitFor();
      there = true;
      await answered(page);
      assert.equal(await on(page).favourites.count(), 2);
    });

    it('says that the server is away at the start, and tries again when asked', async (t) => {
      let there = false;
      const page = await visit(t, deployment, {
        prepare: (page) =>
          intercept(page, model, (route) => (there ? null : route.abort('connectionrefused'))),
      });
      await page.getByRole('heading', { name: 'The server is not responding' }).waitFor();
      there = true;
      await page.getByRole('button', { name: 'Try again' }).click();
      await on(page).box.waitFor();
    });

    it('tells an answer that makes no sense from a server that is away', async (t) => {
      const page = await visit(t, deployment, {
        prepare: (page) =>
          intercept(page, model, (route) =>
            json(route, 500, { statusCode: 500, code: 'internal', message: 'Our side.' }),
          ),
      });
      await page.getByRole('heading', { name: 'Something went wrong' }).waitFor();
      await page.getByText('Our side.').waitFor();
    });

    it('keeps what is there while the server is away, and catches up', async (t) => {
      let away = false;
      const path = await pathWith(deployment, await popular(deployment, 3));
      const page = await visit(t, deployment, {
        path,
        prepare: (page) =>
          intercept(page, asks, (route) => (away ? route.abort('connectionreset') : null)),
      });
      await answered(page);
      const before = await on(page).titles.allInnerTexts();

      away = true;
      await on(page).favourites.getByRole('button').first().click();
      const alert = page.getByRole('alert');
      await alert.getByText('These are the previous recommendations').waitFor();
      assert.deepEqual(await on(page).titles.allInnerTexts(), before);

      away = false;
      await alert.getByRole('button', { name: 'Try again' }).click();
      await alert.waitFor({ state: 'detached' });
      await answered(page);
      assert.notDeepEqual(await on(page).titles.allInnerTexts(), before);
    });

    it('comes back by itself when the server does', async (t) => {
      let away = true;
      const path = await pathWith(deployment, await popular(deployment, 3));
      const page = await visit(t, deployment, {
        path,
        prepare: (page) => intercept(page, asks, (route) => (away ? route.abort() : null)),
      });
      await page.getByRole('alert').waitFor();
      away = false;
      await answered(page);
      assert.equal(await on(page).titles.count(), 10);
    });

    it('repeats what the server refuses, in its words', async (t) => {
      const message = 'strategy: this model has no such thing';
      const path = await pathWith(deployment, await popular(deployment, 3));
      const page = await visit(t, deployment, {
        path,
        prepare: (page) =>
          intercept(page, asks, (route) =>
            json(route, 400, { statusCode: 400, code: 'unknown_strategy', message }),
          ),
      });
      await page.getByRole('alert').getByText(message).waitFor();
    });

    it('shows places to fill while a slow answer is on its way, and says that it is slow', async (t) => {
      let release;
      const held = new Promise((resolve) => (release = resolve));
      const path = await pathWith(deployment, await popular(deployment, 3));
      const page = await visit(t, deployment, {
        path,
        prepare: (page) =>
          intercept(page, asks, async (route) => held.then(() => route.fallback())),
      });
      await page.locator('.rows .ghost').first().waitFor();
      await page.getByText('This is taking longer').waitFor();
      release();
      await answered(page);
      assert.equal(await page.locator('.ghost').count(), 0);
    });

    it('names the favourites that are in no catalogue', async (t) => {
      const [known] = await popular(deployment, 1);
      const nobody = { id: 'NOBODY-KNOWS-IT' };
      const path = await pathWith(deployment, [known, nobody]);
      const page = await visit(t, deployment, { path });
      await answered(page);
      const odd = on(page).favourites.filter({ hasText: nobody.id });
      await odd.getByText('not in the catalogue').waitFor();
      await page.getByText('1 favourite is not known to the model').waitFor();
      assert.equal(await on(page).titles.count(), 10);
    });

    it('names a favourite by its title as soon as a next model has it', async (t) => {
      const [known] = await popular(deployment, 1);
      const late = { id: 'KNOWN-LATER', title: 'Known later' };
      let there = false;
      const page = await visit(t, deployment, {
        path: await pathWith(deployment, [known, late]),
        prepare: async (page) => {
          await intercept(page, new RegExp(late.id + '$'), (route) =>
            there ? json(route, 200, late) : null,
          );
          await intercept(page, asks, async (route) => {
            const answer = await (await route.fetch()).json();
            return json(route, 200, { ...answer, ...(there && { model: 'next', unknown: [] }) });
          });
        },
      });
      const { favourites } = on(page);
      await favourites.getByText('not in the catalogue').waitFor();
      there = true;
      await favourites.getByRole('button').first().click();
      await favourites.getByText(late.title).waitFor();
      assert.equal(await page.getByText('not in the catalogue').count(), 0);
    });

    it('goes along with a next model that takes fewer favourites', async (t) => {
      let most = 10;
      const message = 'favourites: this model takes at most 2';
      const refuses = ({ favourites }) => favourites.length > most;
      const page = await visit(t, deployment, {
        path: await pathWith(deployment, await popular(deployment, 4)),
        prepare: async (page) => {
          await otherModel(page, (model) => ({
            ...model,
            requests: { ...model.requests, favourites: most },
          }));
          await intercept(page, asks, (route) =>
            refuses(route.request().postDataJSON())
              ? json(route, 400, { statusCode: 400, code: 'invalid_request', message })
              : null,
          );
        },
      });
      await answered(page);
      assert.equal(await on(page).favourites.count(), 4);
      most = 2;
      await page
        .getByRole('button', { name: /^Not for me: / })
        .first()
        .click();
      await page.getByText('2 of 2').waitFor();
      await page.getByRole('alert').waitFor({ state: 'detached' });
      await answered(page);
      assert.equal(await on(page).favourites.count(), 2);
      assert.equal(await on(page).titles.count(), 10);
    });

    it('shows what is popular when no favourite is known, and says so', async (t) => {
      const path = await pathWith(deployment, [{ id: 'NOBODY-KNOWS-IT' }]);
      const page = await visit(t, deployment, { path });
      await answered(page);
      await page.getByText('None of your favourites is known').waitFor();
      const titles = (await popular(deployment, 3)).map(({ title }) => title);
      assert.deepEqual((await on(page).titles.allInnerTexts()).slice(0, 3), titles);
    });

    it('says when there is nothing left to recommend', async (t) => {
      const path = await pathWith(deployment, await popular(deployment, 1));
      const page = await visit(t, deployment, {
        path,
        prepare: (page) =>
          intercept(page, asks, (route) =>
            json(route, 200, { model: 'x', strategy: 'y', unknown: [], recommendations: [] }),
          ),
      });
      await page.getByText('No more recommendations').waitFor();
    });

    it('says so when there can be no surprise', async (t) => {
      let away = true;
      const page = await visit(t, deployment, {
        prepare: (page) => intercept(page, asks, (route) => (away ? route.abort() : null)),
      });
      const surprise = page.getByRole('button', { name: 'Surprise me' });
      await surprise.click();
      await page.getByRole('alert').getByText('The server is not responding').waitFor();
      away = false;
      await surprise.click();
      await on(page).favourites.nth(2).waitFor();
      await page.getByRole('alert').waitFor({ state: 'detached' });
    });

    it('promises no list beside another while the server is away', async (t) => {
      const path = await pathWith(
        deployment,
        await popular(deployment, 3),
        '&compare=nearest-user',
      );
      const page = await visit(t, deployment, {
        path,
        prepare: (page) => intercept(page, asks, (route) => route.abort()),
      });
      await page.getByRole('alert').waitFor();
      await page.getByText('Asking both').waitFor({ state: 'detached' });
      await page.locator('.ghost').first().waitFor({ state: 'detached' });
    });

    it('offers the search again when it fails', async (t) => {
      let away = true;
      const page = await visit(t, deployment, {
        prepare: (page) => intercept(page, searches, (route) => (away ? route.abort() : null)),
      });
      const { box, options } = on(page);
      await box.fill('th');
      const again = page.getByRole('button', { name: 'Try again' });
      await again.waitFor();
      away = false;
      await again.click();
      await options.first().waitFor();
    });

    it('asks for the new model when one takes over', async (t) => {
      let asked = 0;
      const path = await pathWith(deployment, await popular(deployment, 2));
      const page = await visit(t, deployment, {
        path,
        prepare: async (page) => {
          await intercept(page, model, () => (asked++, null));
          await intercept(page, asks, async (route) => {
            const answer = await (await route.fetch()).json();
            return json(route, 200, { ...answer, model: 'another' });
          });
        },
      });
      await answered(page);
      for (let i = 0; i < 50 && asked < 2; i++) await page.waitForTimeout(100);
      assert.ok(asked >= 2);
    });
  });
}
