// Builds the page into build/head; npm run head serves it.
import { defineConfig } from 'vite';
import { pageConfig } from '../shared/pageConfig.ts';

export default defineConfig(pageConfig(new URL('.', import.meta.url)));
