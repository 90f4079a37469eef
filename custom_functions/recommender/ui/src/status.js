import { createApp } from 'vue';
import { projectOf, wearAccent } from './accent.js';
import { createApi } from './api.js';
import StatusPage from './StatusPage.vue';

const place = document.getElementById('app');
const base = new URL(place.dataset.api, document.baseURI);
wearAccent(projectOf(base));
createApp(StatusPage, { api: createApi(base), project: projectOf(base) }).mount(place);
