import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEPLOYMENTS, ask, intercept, useBrowser, visit } from './support.js';

useBrowser();

for (const deployment of DEPLOYMENTS) {
  describe(`the page of the API of ${deployment.name}`, () => {
    it('shows every operation of openapi.json, with its examples and its errors', async (t) => {
      const { paths } = await ask(deployment, 'openapi.json');
      const { requests } = await ask(deployment, 'model');
      const page = await visit(t, deployment, { path: 'docs/' });
      for (const [path, methods] of Object.entries(paths)) {
        for (const method of Object.keys(methods)) {
          const name = `${method.toUpperCase()} ${path}`;
          await page.getByRole('heading', { name, exact: true }).waitFor();
          const errors = page.getByRole('region', { name: `Errors of ${name}`, exact: true });
          assert.ok((await errors.getByRole('row').count()) > 1, name);
        }
      }
      const fields = page.getByRole('region', { name: 'Request of POST /recommend', exact: true });
      await fields
        .getByRole('row', { name: 'favourites' })
        .getByText(`1 to ${requests.favourites}`)
        .waitFor();
      const command = page.getByRole('region', { name: 'Command for POST /recommend' });
      assert.ok((await command.innerText()).includes(new URL('recommend', deployment.base).href));
    });

    it('opens at the operation of its address', async (t) => {
      const page = await visit(t, deployment, { path: 'docs#health' });
      const heading = page.getByRole('heading', { name: 'GET /health', exact: true });
      await heading.waitFor();
      await page.waitForFunction(
        () => document.getElementById('health').getBoundingClientRect().top < 100,
      );
      assert.equal(new URL(page.url()).pathname, new URL('docs/', deployment.base).pathname);
    });

    it('says that the description cannot be loaded, and loads it on demand', async (t) => {
      let away = true;
      const page = await visit(t, deployment, {
        path: 'docs/',
        prepare: (page) =>
          intercept(page, /openapi\.json$/, (route) => (away ? route.abort() : null)),
      });
      await page.getByRole('alert').filter({ hasText: 'is not responding' }).waitFor();
      away = false;
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('heading', { name: 'POST /recommend', exact: true }).waitFor();
    });
  });
}
