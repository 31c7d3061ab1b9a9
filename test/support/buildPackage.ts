// Before tests that run dist/: it is what src/ and assembly/ are built to.
import { ensureBuilt } from '../../scripts/test-build.mjs';

export default () => ensureBuilt('package');
