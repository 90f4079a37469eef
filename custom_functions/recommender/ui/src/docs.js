import { createApp } from 'vue';
import { projectOf, applyAccent } from './accent.js';
import { createApi } from './api.js';
import DocsPage from './DocsPage.vue';

const place = document.getElementById('app');
const base = new URL(place.dataset.api, document.baseURI);
applyAccent(projectOf(base));
createApp(DocsPage, { api: createApi(base), base, project: projectOf(base) }).mount(place);
