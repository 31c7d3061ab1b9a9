// Builds the playground into build/playground; npm run playground serves it.
import { defineConfig } from 'vite';
import { pageConfig } from '../shared/pageConfig.ts';
import { offlinePage } from './offline.ts';

const config = pageConfig(new URL('.', import.meta.url));

export default defineConfig({
  ...config,
  plugins: [...(config.plugins ?? []), offlinePage(process.env.CTRE_PAGE_URL)],
});
