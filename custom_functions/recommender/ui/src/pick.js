import { createApp } from 'vue';
import { projectOf, applyAccent } from './accent.js';
import { createApi } from './api.js';
import PickPage from './PickPage.vue';

const place = document.getElementById('app');
const base = new URL(place.dataset.api, document.baseURI);
applyAccent(projectOf(base));
createApp(PickPage, { api: createApi(base), project: projectOf(base) }).mount(place);
