// Builds the playground into build/playground; npm run playground serves it.
import { defineConfig } from 'vite';
import { pageConfig } from '../shared/pageConfig.ts';

export default defineConfig(pageConfig(new URL('.', import.meta.url)));
